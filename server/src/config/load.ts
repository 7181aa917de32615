import { readFileSync } from "node:fs";
import type { Config, ConfigPath } from "./config.ts";
import { ConfigError, type GivenValue, type GivenValues } from "./config-error.ts";
import { configPaths, keySpec } from "./keys.ts";
import { readConfigText } from "./read-file.ts";
import { readObject } from "./read-object.ts";
import { configFileVariable, readEnvironment, readFlags } from "./read-texts.ts";
import { tlsContradictions } from "./tls-contradictions.ts";

/** Read from the working directory when no other file is named. */
export const defaultConfigFile = "millrace.config.yaml";

/** Where a configuration comes from. */
export interface ConfigInput {
  /** Command line without program and script. */
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** Reads a file as text; throws with `code` `ENOENT` when it is missing. For tests. */
  readonly readFile?: (path: string) => string;
}

/** A checked configuration, and for every key that was given where that was. */
export interface LoadedConfig {
  readonly config: Config;
  readonly sources: ReadonlyMap<ConfigPath, string>;
  /** The file that was read; undefined when there was none. */
  readonly file: string | undefined;
}

/**
 * Reads the configuration: default < file < environment < flag.
 * @throws ConfigError that lists every fault in every source.
 */
export function loadConfig(input: ConfigInput = {}): LoadedConfig {
  const flags = readFlags(input.args ?? []);
  const environment = input.environment ?? {};
  const named = flags.configFile ?? (environment[configFileVariable] || undefined);
  const file = readFile(named, input.readFile ?? ((path) => readFileSync(path, "utf8")));
  return { ...settle([file, readEnvironment(environment), flags]), file: file.name };
}

/**
 * The configuration that a program gives as an object, `{ http: { port: 0 } }`, with defaults for the rest. Reads nothing
 * else. `name` and `others` as in `readObject`.
 * @throws ConfigError that lists every fault.
 */
export function configOf(settings: object, name: string, others?: readonly string[]): Config {
  return settle([readObject(settings, name, others)]).config;
}

/** Later sources go before earlier ones. @throws ConfigError */
function settle(given: readonly GivenValues[]): Omit<LoadedConfig, "file"> {
  const problems = given.flatMap((source) => [...source.problems]);
  const values = new Map<ConfigPath, unknown>();
  const sources = new Map<ConfigPath, string>();
  for (const path of configPaths) {
    values.set(path, keySpec(path).default);
    for (const source of given) {
      const entry = source.values.get(path);
      if (entry === undefined) continue;
      const problem = check(path, entry);
      if (problem === undefined) {
        values.set(path, entry.value);
        sources.set(path, entry.source);
      } else problems.push(problem);
    }
  }
  const config = nest(values);
  if (problems.length === 0) problems.push(...contradictions(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, sources };
}

/** The configuration without any source: every default. */
export function defaultConfig(): Config {
  return nest(new Map(configPaths.map((path) => [path, keySpec(path).default])));
}

function readFile(
  named: string | undefined,
  read: (path: string) => string,
): GivenValues & { readonly name: string | undefined } {
  const name = named ?? defaultConfigFile;
  try {
    return { ...readConfigText(read(name), name), name };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const problems =
      missing && named === undefined ? [] : [`${name} cannot be read: ${(error as Error).message}`];
    return { values: new Map(), problems, name: undefined };
  }
}

/** One sentence that names key, source, what was given and what is allowed; undefined when the value is good. */
function check(path: ConfigPath, { value, source }: GivenValue): string | undefined {
  const spec = keySpec(path);
  const result = spec.schema.safeParse(value);
  if (result.success) return undefined;
  const inside = result.error.issues[0]?.path ?? [];
  const at = inside.length === 0 ? "" : ` (at ${inside.join(".")})`;
  const shown = spec.secret ? "" : `, not ${shorten(JSON.stringify(value) ?? "nothing")}`;
  return `${path} (${source}): must be ${spec.allowed}${shown}${at}.`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Faults that no single key shows. */
function contradictions(config: Config): string[] {
  const { rtc, http, turn } = config;
  const found = tlsContradictions(config);
  if (rtc.turnUrls.length === 0 && rtc.turnSecret !== "") {
    found.push("rtc.turnUrls and rtc.turnSecret go together: set both or neither.");
  }
  if (rtc.turnUrls.length > 0 && rtc.turnSecret === "" && turn.secret === "") {
    found.push("rtc.turnUrls needs the secret of those servers: rtc.turnSecret, or turn.secret.");
  }
  if (turn.minPort > turn.maxPort) {
    found.push("turn.minPort must not be above turn.maxPort.");
  }
  if ((turn.cert === "") !== (turn.key === "")) {
    found.push("turn.cert and turn.key go together: set both or neither.");
  }
  if (turn.tlsPort !== 0 && turn.tlsPort === turn.port) {
    found.push("turn.tlsPort and turn.port must be different.");
  }
  for (const server of rtc.iceServers) {
    const relays = server.urls.some((url) => url.startsWith("turn"));
    if (relays && (server.username === undefined || server.credential === undefined)) {
      found.push("rtc.iceServers: a turn: or turns: server needs username and credential.");
    }
  }
  if (http.requestTimeoutSeconds < http.headersTimeoutSeconds) {
    found.push("http.requestTimeoutSeconds must not be below http.headersTimeoutSeconds.");
  }
  return found;
}

function nest(values: ReadonlyMap<ConfigPath, unknown>): Config {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [section = path, key] = path.split(".");
    if (key === undefined) root[section] = value;
    else {
      root[section] ??= {};
      (root[section] as Record<string, unknown>)[key] = value;
    }
  }
  return root as unknown as Config;
}
