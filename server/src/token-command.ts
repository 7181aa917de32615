import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { type SignedTokenFor, signToken } from "./auth/index.ts";
import { type Config, ConfigError } from "./config/index.ts";
import { parseStreamName, RefusedError } from "./core/index.ts";

/** What `millrace token` was asked for. */
export interface TokenArguments {
  readonly stream: string;
  readonly action: SignedTokenFor["action"];
  readonly minutes: number;
  readonly address: string | undefined;
  /** What else stands in the line: flags of the configuration. */
  readonly rest: readonly string[];
  /** One sentence for each fault. */
  readonly problems: readonly string[];
}

const actions = ["play", "publish", "call"] as const;
const options = {
  stream: { type: "string" },
  action: { type: "string" },
  minutes: { type: "string" },
  address: { type: "string" },
} as const;
const defaultMinutes = 60;
/** Ten years: nobody keeps a list of what was given out. */
const maxMinutes = 5_256_000;

/** Takes the flags of `token` out of a command line. */
export function parseTokenArguments(args: readonly string[]): TokenArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  const taken = new Set<number>();
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(options, token.name)) continue;
    taken.add(token.index);
    if (token.value === undefined) problems.push(`flag --${token.name}: a value is missing.`);
    else {
      values.set(token.name, token.value);
      if (!token.inlineValue) taken.add(token.index + 1);
    }
  }
  const stream = values.get("stream") ?? "";
  const action = actions.find((one) => one === (values.get("action") ?? "play"));
  const minutes = Number(values.get("minutes") ?? defaultMinutes);
  const address = values.get("address");
  if (!isStreamName(stream)) problems.push("flag --stream: a stream's name is needed.");
  if (action === undefined) problems.push(`flag --action: one of ${actions.join(", ")}.`);
  if (!(minutes > 0 && minutes <= maxMinutes)) {
    problems.push(`flag --minutes: a number up to ${maxMinutes}.`);
  }
  if (address !== undefined && isIP(address) === 0) {
    problems.push("flag --address: an IP address.");
  }
  return {
    ...{ stream, action: action ?? "play", minutes, address, problems },
    rest: args.filter((_, at) => !taken.has(at)),
  };
}

/** A token as it was asked for, made with the first secret. @throws ConfigError when there is none. */
export function makeToken({ auth }: Config, asked: TokenArguments, wallMs: number): string {
  const [secret] = auth.signingSecrets;
  if (secret === undefined) {
    throw new ConfigError([
      "auth.signingSecrets is empty: tokens are made with the first of them.",
    ]);
  }
  const { action, address, minutes, stream } = asked;
  const expires = Math.floor(wallMs / 1000 + minutes * 60);
  return signToken(secret, { action, address, expires, stream });
}

function isStreamName(text: string): boolean {
  try {
    parseStreamName(text);
    return true;
  } catch (error) {
    if (error instanceof RefusedError) return false;
    throw error;
  }
}
