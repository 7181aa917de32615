import type { GivenValue, GivenValues } from "./config-error.ts";
import { keySpec } from "./keys.ts";
import {
  environmentNames,
  environmentPrefix,
  flagName,
  flagNames,
  pathOfEnvironmentName,
  pathOfFlagName,
} from "./names.ts";
import { suggestion } from "./suggest.ts";

/** Names the file to read, and is therefore no key. */
export const configFileVariable = "MILLRACE_CONFIG";

/** Reads all variables that begin with `MILLRACE_`. An empty one counts as not set. */
export function readEnvironment(environment: NodeJS.ProcessEnv): GivenValues {
  const values = new Map<string, GivenValue>();
  const problems: string[] = [];
  for (const [name, given] of Object.entries(environment)) {
    if (!name.startsWith(environmentPrefix) || name === configFileVariable) continue;
    const path = pathOfEnvironmentName(name);
    const source = `environment ${name}`;
    if (path === undefined) {
      problems.push(`${source}: there is no such key.${suggestion(name, environmentNames)}`);
    } else if (given !== undefined && given !== "") {
      values.set(path, { value: keySpec(path).fromText(given), source });
    }
  }
  return { values, problems };
}

/** What a command line says apart from keys. */
export interface CommandLine extends GivenValues {
  readonly configFile: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
  /** Words that are not flags: the command. */
  readonly words: readonly string[];
}

/** Reads `--rtmp-port 1936`, `--rtmp-port=1936`, `--demo`, `--no-demo` and `--demo=false`. A flag given twice counts as given last. */
export function readFlags(args: readonly string[]): CommandLine {
  const values = new Map<string, GivenValue>();
  const problems: string[] = [];
  const words: string[] = [];
  let configFile: string | undefined;
  let help = false;
  let version = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-")) {
      words.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const inline = equals < 0 ? undefined : arg.slice(equals + 1);
    const source = `flag ${name}`;
    const following = (): string | undefined => {
      if (inline !== undefined) return inline;
      const next = args[at + 1];
      if (next === undefined || next.startsWith("--")) {
        problems.push(`${source}: a value is missing.`);
        return undefined;
      }
      at++;
      return next;
    };
    if (name === "--help" || name === "-h") help = true;
    else if (name === "--version" || name === "-V") version = true;
    else if (name === "--config" || name === "-c") configFile = following() ?? configFile;
    else {
      const negated = name.startsWith("--no-") ? pathOfFlagName(`--${name.slice(5)}`) : undefined;
      const path = pathOfFlagName(name);
      if (path !== undefined) {
        const spec = keySpec(path);
        const text = spec.placeholder === undefined ? (inline ?? "true") : following();
        if (text !== undefined) values.set(path, { value: spec.fromText(text), source });
      } else if (negated !== undefined && keySpec(negated).placeholder === undefined) {
        if (inline === undefined) values.set(negated, { value: false, source });
        else problems.push(`${source} takes no value; use ${flagName(negated)}=${inline}.`);
      } else {
        problems.push(
          `${source}: there is no such flag.${suggestion(name, [...flagNames, "--config", "--help", "--version"])}`,
        );
      }
    }
  }
  return { values, problems, configFile, help, version, words };
}
