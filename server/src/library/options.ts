import {
  type Config,
  type ConfigError,
  configOf,
  type LogLevel,
  secretsOf,
} from "../config/index.ts";
import { type Log, silentLog } from "../core/index.ts";
import type { GatewayHooks } from "../hooks/index.ts";
import { createLog, type LogTarget, logInto } from "../log/index.ts";

/** Some keys of some sections of the configuration; `docs/configuration.md` has them all. */
export type GatewaySettings = {
  readonly [S in Exclude<keyof Config, "hooks" | "log">]?:
    | (Config[S] extends object ? SomeOf<Config[S]> : Config[S])
    | undefined;
};

type SomeOf<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What `createGateway` is made with. All of it may be absent. */
export interface GatewayOptions extends GatewaySettings {
  /** Functions that decide and are told, and the keys of webhooks. */
  readonly hooks?: (SomeOf<Config["hooks"]> & GatewayHooks) | undefined;
  /**
   * A level or keys of the configuration: lines on standard output, `warn` and above unless it says otherwise. A logger such
   * as pino's or the console: it gets all levels, without secrets. False: none.
   */
  readonly log?: LogLevel | SomeOf<Config["log"]> | LogTarget | false | undefined;
}

/** What options come to. */
export interface ReadOptions {
  readonly config: Config;
  readonly functions: GatewayHooks;
  readonly log: Log;
}

const source = "createGateway";
const functionNames = ["onPublish", "onPlay", "onCall", "onEvent"] as const;
const levels: readonly unknown[] = ["error", "warn", "info", "debug"] satisfies LogLevel[];

/** @throws ConfigError that lists every fault; see {@link ConfigError}. Nothing but the options is read. */
export function readOptions(options: GatewayOptions): ReadOptions {
  const { hooks = {}, log, ...settings } = options;
  const config = configOf(
    { ...settings, hooks: withoutFunctions(hooks), log: logKeys(log) },
    source,
    functionNames.map((name) => `hooks.${name}`),
  );
  return { config, functions: functionsOf(hooks), log: logOf(log, config) };
}

/** What is no function stays, and is refused as an unknown key. */
function withoutFunctions(hooks: object): object {
  const names: readonly string[] = functionNames;
  const isFunction = (name: string, value: unknown): boolean =>
    names.includes(name) && (typeof value === "function" || value === undefined);
  return typeof hooks === "object" && hooks !== null
    ? Object.fromEntries(Object.entries(hooks).filter(([name, value]) => !isFunction(name, value)))
    : hooks;
}

/** Functions that belong to an object, such as an instance of a class, are called on it. */
function functionsOf(hooks: GatewayHooks): GatewayHooks {
  const bound = functionNames.flatMap((name) => {
    const call: unknown = hooks[name];
    return typeof call === "function" ? [[name, call.bind(hooks)]] : [];
  });
  return Object.fromEntries(bound) as GatewayHooks;
}

function logKeys(log: GatewayOptions["log"]): unknown {
  const quiet = { level: "warn" };
  if (log === undefined || log === false || isTarget(log)) return quiet;
  if (levels.includes(log)) return { level: log };
  return typeof log === "object" && log !== null ? { ...quiet, ...log } : log;
}

function logOf(log: GatewayOptions["log"], config: Config): Log {
  if (log === false) return silentLog;
  const secrets = secretsOf(config);
  return isTarget(log) ? logInto(log, secrets) : createLog({ ...config.log, secrets });
}

function isTarget(log: unknown): log is LogTarget {
  const target = log as Partial<LogTarget> | undefined | null;
  return levels.every((level) => typeof target?.[level as LogLevel] === "function");
}
