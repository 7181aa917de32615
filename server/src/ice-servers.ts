import type { IceServer } from "@millrace/signaling/session";
import { issueCredentials } from "@millrace/turn";
import type { Config } from "./config/index.ts";
import type { Clock } from "./core/index.ts";

/** TURN servers that take credentials made from a secret. */
export interface SharedTurn {
  readonly urls: readonly string[];
  /** Never leaves the process. */
  readonly secret: string;
}

/**
 * What a session is told about STUN and TURN: the configured servers, and for those that share a
 * secret with us, the bundled relay first, credentials of its own that expire. `bundled` is the relay once it listens.
 */
export function iceServersFor(
  { rtc, turn }: Pick<Config, "rtc" | "turn">,
  clock: Clock,
  bundled: () => SharedTurn | undefined = () => undefined,
): (viewerId: string) => IceServer[] {
  const fixed = rtc.iceServers.map(({ urls, username, credential }) => ({
    urls,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  }));
  const external = { urls: rtc.turnUrls, secret: rtc.turnSecret || turn.secret };
  return (viewerId) => {
    const expires = Math.floor(clock.wallMs() / 1000) + rtc.turnTtlSeconds;
    const shared = [bundled(), external].flatMap((server) => {
      if (server === undefined || server.urls.length === 0) return [];
      const { username, password } = issueCredentials(server.secret, viewerId, expires);
      return [{ urls: server.urls, username, credential: password }];
    });
    return [...fixed, ...shared];
  };
}
