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
    }
  | {
      readonly allow: false /** One sentence for the client. */;
      readonly reason?: string | undefined;
    };

/** Somebody who is asked. Whatever it throws or does not answer in time counts as a refusal. */
export interface AskHook {
  /** Whether it wants to be asked about this action. */
  asks(action: HookQuestion["action"]): boolean;
  /** `signal` ends when the answer is not waited for any more. */
  ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer>;
}

export function questionOf(request: AccessRequest, grant: Grant | undefined): HookQuestion {
  const { action, address, stream, token, transport, userAgent } = request;
  return {
    action,
    stream: grant?.stream ?? stream,
    transport,
    address,
    userAgent,
    token,
    user: grant?.user,
  };
}
