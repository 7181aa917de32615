import {
  ConfigError,
  type ConfigInput,
  flagHelp,
  type LoadedConfig,
  loadConfig,
  readFlags,
  suggestion,
} from "./config/index.ts";
import { version } from "./version.ts";

const usage = `Usage: millrace [serve] [flags]

Takes streams from encoders over RTMP and shows them in browsers over WebRTC.

  -c, --config <file>               configuration file (default millrace.config.yaml, when it is there)
  -h, --help                        this text
  -V, --version                     the version

Every key of the configuration is a flag, and an environment variable (--rtmp-port is MILLRACE_RTMP_PORT).
`;

const commands = ["serve"];

/** What a command line asks for: a text to print, or to serve with a configuration. */
export type Command =
  | { readonly type: "print"; readonly text: string }
  | { readonly type: "serve"; readonly loaded: LoadedConfig };

/** Understands a command line. @throws ConfigError that lists every fault. */
export function parseCommand(input: ConfigInput): Command {
  const line = readFlags(input.args ?? []);
  if (line.help) return { type: "print", text: `${usage}\n${flagHelp()}\n` };
  if (line.version) return { type: "print", text: `${version}\n` };
  // The word after an unknown flag may be its value: the flag is the fault to name.
  if (line.problems.length === 0) assertKnown(line.words);
  return { type: "serve", loaded: loadConfig(input) };
}

function assertKnown(words: readonly string[]): void {
  const [command = "serve", ...rest] = words;
  if (!commands.includes(command)) {
    throw new ConfigError([`There is no command "${command}".${suggestion(command, commands)}`]);
  }
  if (rest.length > 0) throw new ConfigError([`"${rest.join(" ")}" is not understood.`]);
}
