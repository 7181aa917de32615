import type { IceServer } from "@millrace/signaling/session";
import { issueCredentials } from "@millrace/turn";
import type { Config } from "./config/index.ts";
import type { Clock } from "./core/index.ts";

/**
 * What a session is told about STUN and TURN: the configured servers, and for those that share a
 * secret with us credentials of its own that expire.
 */
export function iceServersFor(rtc: Config["rtc"], clock: Clock): (viewerId: string) => IceServer[] {
  const fixed = rtc.iceServers.map(({ urls, username, credential }) => ({
    urls,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  }));
  return (viewerId) => {
    if (rtc.turnUrls.length === 0) return fixed;
    const expires = Math.floor(clock.wallMs() / 1000) + rtc.turnTtlSeconds;
    const { username, password } = issueCredentials(rtc.turnSecret, viewerId, expires);
    return [...fixed, { urls: rtc.turnUrls, username, credential: password }];
  };
}
