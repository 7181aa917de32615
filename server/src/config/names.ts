import type { ConfigPath } from "./config.ts";
import { configPaths } from "./keys.ts";

const words = (path: string): string => path.replace(/([a-z0-9])([A-Z])/g, "$1.$2");

/** What the names of all environment variables begin with. */
export const environmentPrefix = "MILLRACE_";

/** The environment variable of a key: `rtmp.port` is `MILLRACE_RTMP_PORT`. */
export function environmentName(path: ConfigPath): string {
  return environmentPrefix + words(path).replaceAll(".", "_").toUpperCase();
}

/** The flag of a key: `rtmp.port` is `--rtmp-port`. */
export function flagName(path: ConfigPath): string {
  return `--${words(path).replaceAll(".", "-").toLowerCase()}`;
}

const byEnvironmentName = new Map(configPaths.map((path) => [environmentName(path), path]));
const byFlagName = new Map(configPaths.map((path) => [flagName(path), path]));

/** The key of an environment variable; undefined when there is none. */
export function pathOfEnvironmentName(name: string): ConfigPath | undefined {
  return byEnvironmentName.get(name);
}

/** The key of a flag, given with its two dashes; undefined when there is none. */
export function pathOfFlagName(name: string): ConfigPath | undefined {
  return byFlagName.get(name);
}

/** Names of all environment variables. */
export const environmentNames: readonly string[] = [...byEnvironmentName.keys()];

/** Names of all flags, with their two dashes. */
export const flagNames: readonly string[] = [...byFlagName.keys()];
