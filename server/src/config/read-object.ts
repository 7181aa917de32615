import type { GivenValue, GivenValues } from "./config-error.ts";
import { configPaths, isConfigPath } from "./keys.ts";
import { suggestion } from "./suggest.ts";

/**
 * Reads settings that a program gives as an object with the sections and keys of the file; what is undefined is not
 * given. `name` is what messages call it, and `others` are names besides the keys that a suggestion may mean.
 */
export function readObject(
  settings: object,
  name: string,
  others: readonly string[] = [],
): GivenValues {
  const values = new Map<string, GivenValue>();
  const problems: string[] = [];
  const known = [...configPaths, ...others];
  const walk = (section: object, prefix: string): void => {
    for (const [key, value] of Object.entries(section)) {
      if (value === undefined) continue;
      const path = prefix === "" ? key : `${prefix}.${key}`;
      if (isConfigPath(path)) values.set(path, { value, source: name });
      else if (!configPaths.some((candidate) => candidate.startsWith(`${path}.`))) {
        problems.push(`${name}: unknown key "${path}".${suggestion(path, known)}`);
      } else if (isSection(value)) walk(value, path);
      else problems.push(`${name}: "${path}" must be an object of keys and values.`);
    }
  };
  walk(settings, "");
  return { values, problems };
}

function isSection(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
