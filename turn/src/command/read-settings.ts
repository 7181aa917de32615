import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import {
  environmentName,
  flagName,
  isKeyName,
  type KeyName,
  keyNames,
  keys,
  type Settings,
} from "./keys.ts";

/** A larger file is refused. Bytes. */
export const maxFileBytes = 1_048_576;
/** Names the file to read, as `--config` does. */
const fileVariable = "MILLRACE_CONFIG";
const turnVariables = "MILLRACE_TURN_";
/** Keys of the gateway's section that say nothing to a relay alone: one file may serve both. */
const gatewayKeys: ReadonlySet<string> = new Set(["turn.enabled", "turn.publicHosts"]);

/** The command line, the environment or the file is wrong. One sentence per fault, none with a secret. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

export interface SettingsInput {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly readFile?: (path: string) => string;
}

/** What a command line asks for. */
export type Request =
  | { readonly type: "help" }
  | { readonly type: "version" }
  | { readonly type: "run"; readonly settings: Settings };

interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** Reads flags, which win over the environment, which wins over the file. @throws SettingsError */
export function readSettings(input: SettingsInput): Request {
  const problems: string[] = [];
  const flags = readFlags(input.args, problems);
  if (flags.help) return { type: "help" };
  if (flags.version) return { type: "version" };
  const file = flags.file ?? (input.environment[fileVariable] || undefined);
  const sources = [
    readConfigFile(file, input.readFile ?? ((path) => readFileSync(path, "utf8")), problems),
    readEnvironment(input.environment, problems),
    flags.values,
  ];
  const settings: Record<string, unknown> = {};
  for (const name of keyNames) {
    const { schema, allowed, secret, default: value } = keys[name];
    settings[name] = value;
    for (const given of sources.map((source) => source.get(name))) {
      if (given === undefined) continue;
      if (schema.safeParse(given.value).success) settings[name] = given.value;
      else {
        const shown = secret ? "" : `, not ${JSON.stringify(given.value)?.slice(0, 80)}`;
        problems.push(`${name} (${given.source}): must be ${allowed}${shown}.`);
      }
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return { type: "run", settings: settings as unknown as Settings };
}

const flagKeys = new Map(
  keyNames.filter((name) => !keys[name].secret).map((name) => [flagName(name), name]),
);
const secretFlags = new Set(keyNames.filter((name) => keys[name].secret).map(flagName));

function readFlags(
  args: readonly string[],
  problems: string[],
): { values: Map<KeyName, Given>; help: boolean; version: boolean; file: string | undefined } {
  const values = new Map<KeyName, Given>();
  const { values: found, tokens } = parseArgs({
    args: [...args],
    // Flags for secrets are known, so that what follows them is not taken for a word and shown.
    options: {
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "V" },
      config: { type: "string", short: "c" },
      ...Object.fromEntries(
        [...flagKeys.keys(), ...secretFlags].map((flag) => [flag, { type: "string" as const }]),
      ),
    },
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") problems.push(`"${token.value}" is not understood.`);
    if (token.kind !== "option" || token.name === "help" || token.name === "version") continue;
    const source = `flag ${token.rawName}`;
    const name = flagKeys.get(token.name);
    if (secretFlags.has(token.name)) {
      problems.push(`${source}: secrets come from the environment or a file only.`);
    } else if (name === undefined && token.name !== "config") {
      problems.push(`${source}: there is no such flag.`);
    } else if (token.value === undefined) {
      problems.push(`${source}: a value is missing.`);
    } else if (name !== undefined) {
      values.set(name, { value: keys[name].fromText(token.value), source });
    }
  }
  return {
    values,
    help: found["help"] === true,
    version: found["version"] === true,
    file: typeof found["config"] === "string" ? found["config"] : undefined,
  };
}

const variableKeys = new Map(keyNames.map((name) => [environmentName(name), name]));

/** An empty variable counts as not set. Those of the gateway's other sections are not ours. */
function readEnvironment(environment: NodeJS.ProcessEnv, problems: string[]): Map<KeyName, Given> {
  const values = new Map<KeyName, Given>();
  const known = new Set([...gatewayKeys].map((name) => environmentName(name as KeyName)));
  for (const [variable, text] of Object.entries(environment)) {
    const name = variableKeys.get(variable);
    const source = `environment ${variable}`;
    if (name !== undefined) {
      if (text) values.set(name, { value: keys[name].fromText(text), source });
    } else if (variable.startsWith(turnVariables) && !known.has(variable)) {
      problems.push(`${source}: there is no such key.`);
    }
  }
  return values;
}

/** Other sections are those of a gateway that reads the same file. */
function readConfigFile(
  file: string | undefined,
  read: (path: string) => string,
  problems: string[],
): Map<KeyName, Given> {
  const values = new Map<KeyName, Given>();
  if (file === undefined) return values;
  let root: unknown;
  try {
    root = parseFile(read(file));
  } catch (error) {
    problems.push(`${file} cannot be read: ${(error as Error).message}`);
    return values;
  }
  const sections = isMap(root) ? root : {};
  if (!isMap(sections["turn"])) problems.push(`${file}: the section "turn" is missing.`);
  for (const [section, content] of Object.entries(sections)) {
    for (const [key, value] of isMap(content) ? Object.entries(content) : []) {
      const name = `${section}.${key}`;
      if (isKeyName(name)) values.set(name, { value, source: file });
      else if (section === "turn" && !gatewayKeys.has(name)) {
        problems.push(`${file}: unknown key "${name}".`);
      }
    }
  }
  return values;
}

function parseFile(text: string): unknown {
  if (Buffer.byteLength(text) > maxFileBytes) throw new Error(`more than ${maxFileBytes} bytes`);
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`it is no YAML (${error.code})`);
  return document.toJS({ maxAliasCount: 100 });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
