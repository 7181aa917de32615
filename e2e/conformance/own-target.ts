import { randomBytes } from "node:crypto";
import { Gateway } from "../peers/gateway.ts";
import type { Target } from "./target.ts";

/** Our own gateway, started for the suite with everything that can be seen switched on: tokens, TURN, a live stream. */
export async function ownTarget(cleanup: (step: () => Promise<unknown>) => void): Promise<Target> {
  const [publish, play] = [secret("publish"), secret("play")];
  const gateway = await Gateway.start({
    flags: [
      "--demo",
      ...["--auth-publish-tokens", publish, "--auth-play-tokens", play],
      ...["--rtc-turn-urls", "turn:127.0.0.1:3478?transport=udp,turn:127.0.0.1:3478?transport=tcp"],
      ...["--rtc-turn-secret", secret("turn")],
    ],
  });
  cleanup(() => gateway.stop());
  return {
    base: gateway.url,
    own: true,
    paths: { whip: "/whip/{stream}", whep: "/whep/{stream}" },
    tokens: { whip: publish, whep: play },
    forbiddenTokens: { whip: play, whep: publish },
    stream: "live/conformance",
    liveStream: "live/demo",
    hasIceServers: true,
    mayFlood: true,
  };
}

function secret(name: string): string {
  return `${name}-${randomBytes(12).toString("hex")}`;
}
