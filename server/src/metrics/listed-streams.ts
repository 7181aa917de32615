import type { Registry as Prometheus } from "prom-client";
import type { Registry, Stream } from "../core/index.ts";
import { gauge, type Sample } from "./series.ts";

/** Streams that have series of their own at once, however many names the patterns match. */
export const maxListedStreams = 100;

/** Series of single streams, for those alone whose name matches one of `patterns` (`*`: any characters within a segment). */
export function listedStreamSeries(
  prometheus: Prometheus,
  registry: Registry,
  patterns: readonly string[],
): void {
  if (patterns.length === 0) return;
  const matchers = patterns.map(matcher);
  const series = (
    name: string,
    help: string,
    labels: readonly string[],
    samples: (stream: Stream) => readonly Sample[],
  ): void =>
    gauge(prometheus, {
      name,
      help,
      labels: ["stream", ...labels],
      read: () =>
        listed(registry, matchers).flatMap((stream) =>
          samples(stream).map(({ labels: of, value }) => ({
            labels: { stream: stream.name, ...of },
            value,
          })),
        ),
    });
  series("millrace_stream_live", "1 while somebody publishes the listed stream.", [], (stream) => [
    { labels: {}, value: stream.state === "live" ? 1 : 0 },
  ]);
  series("millrace_stream_viewers", "Viewers of the listed stream.", [], (stream) => [
    { labels: {}, value: stream.viewers.size },
  ]);
  series(
    "millrace_stream_bytes_per_second",
    "What the publisher of the listed stream sends, by kind of track.",
    ["kind"],
    (stream) =>
      stream.tracks.map(({ kind, packets, bitrateBps }) => ({
        labels: { kind },
        value:
          (packets?.encodings.reduce((sum, layer) => sum + layer.bitrateBps, 0) ?? bitrateBps) / 8,
      })),
  );
  series(
    "millrace_stream_lag_seconds",
    "How far the publisher of the listed stream is behind its own best.",
    [],
    (stream) => {
      const health = registry.publisher(stream.name)?.health;
      return health === undefined ? [] : [{ labels: {}, value: health.lagMs / 1000 }];
    },
  );
}

/** Those that began first, so that none loses its series to one that came later. */
function listed(registry: Registry, matchers: readonly RegExp[]): readonly Stream[] {
  const streams: Stream[] = [];
  for (const stream of registry.list()) {
    if (!matchers.some((matches) => matches.test(stream.name))) continue;
    streams.push(stream);
    if (streams.length >= maxListedStreams) break;
  }
  return streams;
}

function matcher(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`);
}
