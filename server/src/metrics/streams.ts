import type { Registry as Prometheus } from "prom-client";
import type { Registry } from "../core/index.ts";
import { countsByLabel, gauge } from "./series.ts";

/** How many streams, publishers and viewers there are, and what is kept for late viewers. */
export function streamSeries(prometheus: Prometheus, registry: Registry): void {
  countsByLabel(prometheus, {
    name: "millrace_streams",
    help: "Streams by state.",
    label: "state",
    known: ["live", "waiting"],
    list: () => registry.list().map(({ state }) => state),
  });
  countsByLabel(prometheus, {
    name: "millrace_stream_buffers",
    help: "Live streams by how well they are fed.",
    label: "state",
    known: ["EMPTY", "FULL", "DRY", "RECOVER"],
    list: () =>
      registry
        .list()
        .filter(({ state }) => state === "live")
        .map(({ health }) => health.buffer),
  });
  countsByLabel(prometheus, {
    name: "millrace_viewers",
    help: "Viewers by transport.",
    label: "transport",
    known: [],
    list: () =>
      registry
        .list()
        .flatMap(({ viewers }) =>
          [...viewers.values()].map(({ info: { transport } }) => transport),
        ),
  });
  countsByLabel(prometheus, {
    name: "millrace_publishers",
    help: "Publishers by transport.",
    label: "transport",
    known: [],
    list: () =>
      registry.list().flatMap(({ name }) => registry.publisher(name)?.info.transport ?? []),
  });
  gauge(prometheus, {
    name: "millrace_gop_cache_bytes",
    help: "Bytes of all groups of pictures that are kept so that late viewers start at once.",
    labels: [],
    read: () => [{ labels: {}, value: cachedBytes(registry) }],
  });
}

function cachedBytes(registry: Registry): number {
  let bytes = 0;
  for (const stream of registry.list()) {
    for (const { cache } of stream.tracks) bytes += cache.sizeBytes;
    for (const { cache } of stream.derivedTracks) bytes += cache.sizeBytes;
  }
  return bytes;
}
