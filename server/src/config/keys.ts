import type { ConfigPath, ConfigValue } from "./config.ts";
import { authKeys } from "./keys-access.ts";
import { hookKeys } from "./keys-hooks.ts";
import { flvTcpKeys, httpKeys, rtcKeys, rtmpKeys } from "./keys-network.ts";
import { apiKeys, mediaKeys, processKeys } from "./keys-service.ts";
import { acmeKeys, httpsKeys, rtmpsKeys } from "./keys-tls.ts";
import { turnKeys } from "./keys-turn.ts";
import type { KeySpec } from "./kinds.ts";

/** Every key of the configuration, in the order of the documents. */
export const configKeys: { readonly [P in ConfigPath]: KeySpec<ConfigValue<P>> } = {
  ...processKeys,
  ...httpKeys,
  ...httpsKeys,
  ...acmeKeys,
  ...rtmpKeys,
  ...rtmpsKeys,
  ...flvTcpKeys,
  ...rtcKeys,
  ...turnKeys,
  ...authKeys,
  ...hookKeys,
  ...apiKeys,
  ...mediaKeys,
};

/** All paths, in the order of the documents. */
export const configPaths: readonly ConfigPath[] = Object.keys(configKeys) as ConfigPath[];

/** Whether a text is the path of a key. */
export function isConfigPath(path: string): path is ConfigPath {
  return Object.hasOwn(configKeys, path);
}

/** The spec of one key, without its exact type: for whoever treats all keys alike. */
export function keySpec(path: ConfigPath): KeySpec<unknown> {
  return configKeys[path] as KeySpec<unknown>;
}
