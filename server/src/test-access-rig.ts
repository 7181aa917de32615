import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { createGateway, type Gateway } from "./app.ts";
import { signToken } from "./auth/index.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";
import type { HookEvent } from "./hooks/index.ts";

const signing = "a-secret-of-the-back-end";
const jwtSecret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";

/** Ways in which a hook answers, and what becomes of whoever has the right token then. */
export const hookAnswers = {
  allow: "ok",
  deny: "HOOK_DENIED",
  timeout: "HOOK_UNAVAILABLE",
  500: "HOOK_UNAVAILABLE",
  garbage: "HOOK_UNAVAILABLE",
} as const;

export type HookMode = keyof typeof hookAnswers;

/** What somebody shows, and the code with which that is refused; undefined: it is right. */
export interface Shown {
  readonly name: string;
  readonly token: string | undefined;
  readonly refused: string | undefined;
}

const jwt = (claims: object): Promise<string> =>
  new SignJWT({ exp: Math.floor(Date.now() / 1000) + 3600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(jwtSecret));

/** Every kind of token for one stream: right, none, wrong, too old and of the other action. */
export async function tokensFor(
  action: "play" | "publish",
  stream: string,
): Promise<readonly Shown[]> {
  const now = Math.floor(Date.now() / 1000);
  const other = action === "play" ? "publish" : "play";
  const sign = (as: "play" | "publish", expires: number): string =>
    signToken(signing, { action: as, stream, expires });
  const right = (name: string, token: string): Shown => ({ name, token, refused: undefined });
  const wrong = (name: string, token: string | undefined, refused: string): Shown => ({
    ...{ name, token, refused },
  });
  return [
    right("right", `${action}-token`),
    right("signed", sign(action, now + 3600)),
    right("jwt", await jwt({ [action]: "live/*" })),
    wrong("none", undefined, "UNAUTHORIZED"),
    wrong("wrong", "a-wrong-token", "UNAUTHORIZED"),
    wrong("expired", sign(action, now - 1), "TOKEN_EXPIRED"),
    wrong("expired jwt", await jwt({ [action]: "live/*", exp: now - 60 }), "TOKEN_EXPIRED"),
    wrong("of another stream", await jwt({ [action]: "other/*" }), "FORBIDDEN"),
    wrong(`${other} key`, `${other}-token`, "FORBIDDEN"),
    wrong(`signed to ${other}`, sign(other, now + 3600), "FORBIDDEN"),
  ];
}

/** A gateway with a demo stream and tokens of all kinds, and the hook that it asks. */
export class AccessRig {
  readonly gateway: Gateway;
  readonly events: HookEvent[];
  readonly #hook: Hook;

  private constructor(gateway: Gateway, hook: Hook, events: HookEvent[]) {
    this.gateway = gateway;
    this.events = events;
    this.#hook = hook;
  }

  /** `timeoutSeconds`: of the hook. */
  static async start(timeoutSeconds: number): Promise<AccessRig> {
    const hook = new Hook();
    const url = await hook.start();
    const { config } = loadConfig({
      args: [
        ...["http", "rtmp", "rtc", "flv-tcp"].flatMap((part) => [
          `--${part}-host=127.0.0.1`,
          `--${part}-port=0`,
        ]),
        ...["--turn-enabled=false", "--transcode-engine=none", "--demo"],
        ...["--auth-publish-tokens=publish-token", "--auth-play-tokens=play-token"],
        ...[`--auth-signing-secrets=${signing}`, `--auth-jwt-secrets=${jwtSecret}`],
        ...[`--hooks-play-url=${url}`, `--hooks-publish-url=${url}`],
        ...[`--hooks-timeout-seconds=${timeoutSeconds}`, "--hooks-play-cache-seconds=0"],
        ...["--http-trust-proxy=127.0.0.1", "--rtmp-max-connections-per-address=1000"],
        ...["--shutdown-drain-seconds=1", "--publisher-grace-seconds=0"],
      ],
      readFile: () => "",
    });
    const events: HookEvent[] = [];
    const hooks = { onEvent: (event: HookEvent) => void events.push(event) };
    const gateway = await createGateway(config, { log: silentLog, hooks });
    await gateway.start();
    return new AccessRig(gateway, hook, events);
  }

  get site(): string {
    return `http://127.0.0.1:${this.gateway.addresses().http?.port}`;
  }

  port(name: "http" | "rtmp" | "flvTcp"): number {
    return this.gateway.addresses()[name]?.port ?? 0;
  }

  set mode(mode: HookMode) {
    this.#hook.mode = mode;
  }

  /** Questions that the hook was asked so far. */
  get asked(): number {
    return this.#hook.asked;
  }

  async close(): Promise<void> {
    await this.gateway.close();
    this.#hook.close();
  }
}

class Hook {
  mode: HookMode = "allow";
  asked = 0;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.asked++;
    request.resume();
    request.once("end", () => {
      if (this.mode === "allow") response.end('{"allow":true}');
      if (this.mode === "deny") response.end('{"allow":false,"reason":"Not today."}');
      if (this.mode === 500) response.writeHead(500).end('{"allow":true}');
      if (this.mode === "garbage") response.end("<html>");
    });
  }
}

/** What a way came to: the code (`ok`), and the status, where the transport has one. */
export interface Outcome {
  readonly code: string;
  readonly status?: number | undefined;
}

/** Tries one way with a token. `address` is a client of its own, where the way can say so. */
export type Way = (
  rig: AccessRig,
  token: string | undefined,
  place: { readonly stream: string; readonly address: string },
) => Promise<Outcome>;

/** HTTP statuses that belong to the codes. */
export const statusOf: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  HOOK_DENIED: 403,
  HOOK_UNAVAILABLE: 503,
};
