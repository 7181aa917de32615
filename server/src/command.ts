import { type CapacityArguments, parseCapacityArguments } from "./capacity/index.ts";
import {
  ConfigError,
  type ConfigInput,
  flagHelp,
  type LoadedConfig,
  loadConfig,
  readFlags,
  suggestion,
} from "./config/index.ts";
import { type DoctorArguments, parseDoctorArguments } from "./doctor/index.ts";
import { parseTokenArguments, type TokenArguments } from "./token-command.ts";
import { version } from "./version.ts";

const usage = `Usage: millrace [serve] [flags]
       millrace doctor [--url <address>] [--stream <name>] [--token <token>] [--json] [flags]
       millrace capacity [--quality <bit/s>[:<part>%]] [--streams <n>] [--viewers <n>] [--http-flv <n>] [--measure] [--json]
                         [flags]
       millrace token --stream <name> [--action play|publish|call] [--minutes <n>] [--address <ip>] [flags]

Takes streams from encoders and browsers and shows them in browsers. The doctor says what keeps streams from
working, here or on the running server at --url, and what to do about each fault. The capacity says what streams and
viewers take of this machine, what runs out first, and how many viewers it carries: --quality again for simulcast;
--webrtc, --http-flv, --ws-flv, --ll-hls, --long-poll, --sse viewers; --fps, --joins per second, --record-hours,
--no-transcode; --cores, --memory, --network, --tier native|wasm|node for another machine; --measure measures this one.
The token is good for one stream and some time, made with auth.signingSecrets: /live/cam?token=TOKEN.

  -c, --config <file>               configuration file (default millrace.config.yaml, when it is there)
  -h, --help                        this text
  -V, --version                     the version

Every key of the configuration is a flag, and an environment variable (--rtmp-port is MILLRACE_RTMP_PORT).
`;

const commands = ["serve", "doctor", "capacity", "token"];
/** They have flags of their own, which are known only after the word: found later, it would start a server. */
const firstWords = ["doctor", "capacity", "token"];

/** What a command line asks for: a text to print, or to serve with a configuration. */
export type Command =
  | { readonly type: "print"; readonly text: string }
  | { readonly type: "serve"; readonly loaded: LoadedConfig }
  | { readonly type: "doctor"; readonly loaded: LoadedConfig; readonly asked: DoctorArguments }
  | { readonly type: "capacity"; readonly loaded: LoadedConfig; readonly asked: CapacityArguments }
  | { readonly type: "token"; readonly loaded: LoadedConfig; readonly asked: TokenArguments };

/** Understands a command line. @throws ConfigError that lists every fault. */
export function parseCommand(input: ConfigInput): Command {
  const { args = [] } = input;
  const doctor = args[0] === "doctor" ? parseDoctorArguments(args.slice(1)) : undefined;
  const capacity = args[0] === "capacity" ? parseCapacityArguments(args.slice(1)) : undefined;
  const token = args[0] === "token" ? parseTokenArguments(args.slice(1)) : undefined;
  const asked = doctor ?? capacity ?? token;
  if (asked !== undefined && asked.problems.length > 0) throw new ConfigError(asked.problems);
  const rest = asked?.rest ?? args;
  const line = readFlags(rest);
  if (line.help) return { type: "print", text: `${usage}\n${flagHelp()}\n` };
  if (line.version) return { type: "print", text: `${version}\n` };
  // The word after an unknown flag may be its value: the flag is the fault to name.
  if (line.problems.length === 0) {
    const [word = ""] = line.words;
    if (asked === undefined && firstWords.includes(word)) {
      throw new ConfigError([`"${word}" stands before all flags: millrace ${word} [flags].`]);
    }
    assertKnown(asked ? [args[0] ?? "", ...line.words] : line.words);
  }
  const loaded = loadConfig({ ...input, args: rest });
  if (doctor !== undefined) return { type: "doctor", loaded, asked: doctor };
  if (capacity !== undefined) return { type: "capacity", loaded, asked: capacity };
  if (token !== undefined) return { type: "token", loaded, asked: token };
  return { type: "serve", loaded };
}

function assertKnown(words: readonly string[]): void {
  const [command = "serve", ...rest] = words;
  if (!commands.includes(command)) {
    throw new ConfigError([`There is no command "${command}".${suggestion(command, commands)}`]);
  }
  if (rest.length > 0) throw new ConfigError([`"${rest.join(" ")}" is not understood.`]);
}
