import type { StreamAddress } from "../address.ts";
import { CaptureLatency } from "./capture-latency.ts";
import type { FallbackEnvironment } from "./fallback-environment.ts";
import { httpFlv } from "./http-flv.ts";
import type { FallbackName } from "./lazy-transport.ts";
import { llHls } from "./ll-hls.ts";
import { longPoll } from "./long-poll.ts";
import { mjpeg } from "./mjpeg.ts";
import { SessionTransport } from "./session-transport.ts";
import { sse } from "./sse.ts";
import { StreamWatch } from "./stream-watch.ts";
import type { Transport, TransportEvents, TransportName, TransportOptions } from "./transport.ts";
import type { Way } from "./way.ts";
import { wsFlv } from "./ws-flv.ts";

const ways: Readonly<Record<FallbackName, Way>> = {
  "ws-flv": wsFlv,
  "http-flv": httpFlv,
  "ll-hls": llHls,
  "long-poll": longPoll,
  sse,
  mjpeg,
};

/** Makes the transport of a way; it does nothing until `open`. */
export function createFallback(
  name: FallbackName,
  address: StreamAddress,
  events: TransportEvents,
  options: TransportOptions,
  environment: FallbackEnvironment,
): Transport {
  const way = ways[name];
  const latency = new CaptureLatency(environment.createLatency());
  return new SessionTransport({
    name,
    capabilities: { surface: way.surface, sound: way.surface === "video" },
    events,
    latency,
    createWatch: (told) => new StreamWatch({ address, environment, polls: !way.tellsStatus, told }),
    createSession: (surface, sessionEvents, watch) =>
      way.createSession({
        address,
        environment,
        targetLatency: options.targetLatency,
        surface,
        events: sessionEvents,
        watch,
        latency,
      }),
  });
}

/** Fetches the libraries that these ways need, one after the other. Rejects when one cannot be had. */
export async function loadLibraries(names: readonly TransportName[]): Promise<void> {
  for (const name of names) {
    if (name !== "webrtc" && name !== "webrtc-relay") await ways[name].loadLibrary?.();
  }
}
