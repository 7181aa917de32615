import type { AccessRequest, Grant, Transport } from "../core/ports.ts";

/** What a hook is asked before anything flows. */
export interface HookQuestion {
  readonly action: "publish" | "play" | "call";
  /** The stream's name, such as `live/cam`; after a hook before it renamed it, the new one. */
  readonly stream: string;
  readonly transport: Transport;
  /** The client's IP address. */
  readonly address: string;
  readonly userAgent: string | undefined;
  /** What the client showed, so that the hook can judge it. Secret. */
  readonly token: string | undefined;
  /** Who it is, as far as the gateway's own access knows. */
  readonly user: string | undefined;
  /** The id of the session that begins when it is allowed, as in events, logs and the API. */
  readonly session: string | undefined;
  /** The host that the client named, with its port where it named one. */
  readonly host: string | undefined;
  /** The page on which the client is, as it says. */
  readonly pageUrl: string | undefined;
}

/** What a hook says. */
export type HookAnswer =
  | {
      readonly allow: true;
      /** For `publish`: the name under which it goes on. */
      readonly stream?: string | undefined;
      /** How long it may go on. Milliseconds, more than 0. */
      readonly ttlMs?: number | undefined;
      readonly user?: string | undefined;
      /** For `publish`: viewers that the stream may have at once. */
      readonly maxViewers?: number | undefined;
      /** For `publish`: bits per second that it may send for more than some seconds; more than 0. */
      readonly maxBitrateBps?: number | undefined;
    }
  | {
      readonly allow: false /** One sentence for the client. */;
      readonly reason?: string | undefined;
    };

/** Somebody who is asked. Whatever it throws or does not answer in time counts as a refusal. */
export interface AskHook {
  /** What it is called in metrics. */
  readonly name: string;
  /** Whether it wants to be asked about this action. */
  asks(action: HookQuestion["action"]): boolean;
  /** `signal` ends when the answer is not waited for any more. */
  ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer>;
}

/** How a session ended. */
export interface SessionEnding {
  /** A stable code. */
  readonly reason: string;
  /** Whether it ever published or watched. */
  readonly began: boolean;
  readonly seconds: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Somebody who is asked once for each session, and told its end if it was allowed. */
export interface SessionHook extends AskHook {
  /** Whether it may refuse that action, and not only wants to know of it. */
  decides(action: HookQuestion["action"]): boolean;
  /** What it allowed is over, or did not come about. Called once; nothing is awaited. */
  ended(question: HookQuestion, ending: SessionEnding): void;
}

export function questionOf(request: AccessRequest, grant: Grant | undefined): HookQuestion {
  const { action, address, host, id, pageUrl, stream, token, transport, userAgent } = request;
  return {
    action,
    stream: grant?.stream ?? stream,
    transport,
    address,
    userAgent,
    token,
    user: grant?.user,
    session: id,
    host,
    pageUrl,
  };
}
