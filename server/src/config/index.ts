export type {
  AccessRuleConfig,
  Config,
  ConfigPath,
  IceServerConfig,
  LogLevel,
  Openness,
} from "./config.ts";
export { ConfigError } from "./config-error.ts";
export { configurationMarkdown, exampleYaml, flagHelp } from "./document.ts";
export {
  type ConfigInput,
  configOf,
  defaultConfig,
  defaultConfigFile,
  type LoadedConfig,
  loadConfig,
} from "./load.ts";
export { environmentName, flagName } from "./names.ts";
export { type CommandLine, readFlags } from "./read-texts.ts";
export { secretsOf } from "./secrets.ts";
export { suggestion } from "./suggest.ts";
export { hasCertificate } from "./tls-contradictions.ts";
