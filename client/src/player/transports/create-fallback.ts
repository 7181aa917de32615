import type { StreamAddress } from "../address.ts";
import { LatencyEstimator } from "../latency.ts";
import { browserScheduler } from "../scheduler.ts";
import type { FallbackEnvironment } from "./fallback-environment.ts";
import { type FallbackName, LazyTransport } from "./lazy-transport.ts";
import { SocketLink } from "./socket-link.ts";
import {
  type Transport,
  type TransportEvents,
  type TransportFactory,
  type TransportName,
  type TransportOptions,
  videoCapabilities,
} from "./transport.ts";

/** What browsers must have for a way. */
const needs: Readonly<Record<FallbackName, () => boolean>> = {
  "ws-flv": () => hasMediaSource() && "WebSocket" in globalThis,
  "http-flv": () => hasMediaSource() && hasStreams(),
  "ll-hls": () => hasMediaSource() || playsPlaylists(),
  "long-poll": () => hasMediaSource() && hasStreams(),
  sse: () => hasMediaSource() && hasStreams(),
  mjpeg: hasStreams,
};

/** Makes the ways without WebRTC; their code is loaded when one is opened. Throws where the browser lacks what it needs. */
export const createFallbackTransport: TransportFactory = (
  address: StreamAddress,
  events: TransportEvents,
  options: TransportOptions,
): Transport => {
  const { name } = options;
  if (name === "webrtc" || name === "webrtc-relay") throw new Error(`${name} is no fallback.`);
  if (!needs[name]()) throw new Error(`This browser cannot play ${name}.`);
  const environment: FallbackEnvironment = {
    scheduler: browserScheduler,
    fetch: (input, init) => fetch(input, init),
    createLink: (linkEvents) => new SocketLink(address, linkEvents, false),
    createLatency: () => new LatencyEstimator(),
  };
  return new LazyTransport({
    name,
    capabilities: name === "mjpeg" ? { surface: "image", sound: false } : videoCapabilities,
    events,
    load: async () => {
      const { createFallback } = await import("./fallback.ts");
      return createFallback(name, address, events, options, environment);
    },
  });
};

/** Fetches the code of these ways, so that opening one costs no download. Rejects when some of it cannot be had. */
export async function loadFallbacks(names: readonly TransportName[]): Promise<void> {
  const { loadLibraries } = await import("./fallback.ts");
  await loadLibraries(names);
}

function hasMediaSource(): boolean {
  return "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;
}

function hasStreams(): boolean {
  return "ReadableStream" in globalThis && "fetch" in globalThis;
}

function playsPlaylists(): boolean {
  return document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "";
}
