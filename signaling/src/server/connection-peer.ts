import type { ServerEvent, ServerMessage } from "../protocol/index.ts";

/** Who is at the other end, as the handshake said. */
export interface ConnectionPeer {
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly token: string | undefined;
  /** From the form login's cookie: counts as a token to watch where there is none. Secret. */
  readonly pass?: string | undefined;
  /** The headers `Host` and `Origin` or `Referer`, as the client sent them. */
  readonly host?: string | undefined;
  readonly pageUrl?: string | undefined;
  /** By which a viewer who comes back is known in statistics. */
  readonly clientId?: string | undefined;
}

/** Sends what needs no acknowledgement. */
export type Push = <Event extends ServerEvent>(event: Event, message: ServerMessage<Event>) => void;
