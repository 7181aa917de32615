import type { AccessRequest } from "../core/ports.ts";

/** What a token says that needs no list of tokens here, because it is signed. */
export interface TokenRights {
  /** Whether it was made for this: the action and the stream. */
  readonly allows: boolean;
  /** When it ends, milliseconds since 1970. */
  readonly expiresWallMs: number;
  /** Who it was made for, as it says. */
  readonly user?: string | undefined;
  /** Bits per second that a publisher may send for more than some seconds. */
  readonly maxBitrateBps?: number | undefined;
}

/** Reads one kind of signed token. */
export interface TokenReader {
  /**
   * What a token says of a request; undefined when it is none of this kind.
   * @throws RefusedError `TOKEN_EXPIRED`, `TOKEN_INVALID` 401, `ACCESS_UNAVAILABLE` 503 when it cannot be told.
   */
  read(token: string, request: AccessRequest): Promise<TokenRights | undefined>;
}
