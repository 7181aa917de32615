import { isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from "yaml";
import type { GivenValue, GivenValues } from "./config-error.ts";
import { configPaths, isConfigPath } from "./keys.ts";
import { suggestion } from "./suggest.ts";

/** Larger configuration files are refused. Bytes. */
export const maxConfigFileBytes = 1_048_576;

/** Reads the text of a configuration file. `name` is what messages call the file. */
export function readConfigText(yaml: string, name: string): GivenValues {
  const values = new Map<string, GivenValue>();
  const problems: string[] = [];
  if (Buffer.byteLength(yaml) > maxConfigFileBytes) {
    return { values, problems: [`${name} is larger than ${maxConfigFileBytes} bytes.`] };
  }
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number | undefined): string =>
    offset === undefined ? name : `${name} line ${lines.linePos(offset).line}`;
  for (const error of document.errors) {
    problems.push(`${place(error.pos[0])}: ${error.message}`);
  }
  if (problems.length > 0 || document.contents === null) return { values, problems };

  const walk = (node: unknown, prefix: string): void => {
    if (!isMap(node)) {
      const what = prefix === "" ? "the file" : `"${prefix}"`;
      problems.push(`${name}: ${what} must be a map of keys and values.`);
      return;
    }
    for (const pair of node.items as Pair[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      const path = prefix === "" ? key : `${prefix}.${key}`;
      const source = place(isNode(pair.key) ? pair.key.range?.[0] : undefined);
      if (isConfigPath(path)) {
        values.set(path, {
          value: isNode(pair.value) ? plainValue(pair.value, problems, source) : null,
          source,
        });
      } else if (configPaths.some((known) => known.startsWith(`${path}.`))) {
        // A section whose keys are all commented out is empty, not wrong.
        if (isScalar(pair.value) && pair.value.value === null) continue;
        walk(pair.value, path);
      } else {
        problems.push(`${source}: unknown key "${path}".${suggestion(path, configPaths)}`);
      }
    }
  };
  const plainValue = (
    node: { toJS(doc: typeof document): unknown },
    faults: string[],
    source: string,
  ): unknown => {
    try {
      return node.toJS(document);
    } catch (error) {
      faults.push(`${source}: ${(error as Error).message}`);
      return null;
    }
  };
  walk(document.contents, "");
  return { values, problems };
}
