import type { Registry as Prometheus } from "prom-client";
import type { Figures, Sample } from "./series.ts";
import { counter } from "./series.ts";
import { addCounts, noCounts, type SessionCounts } from "./session-figures.ts";
import type { Totals } from "./session-totals.ts";

export interface TrafficOptions {
  /** The same object until the next scrape. */
  totals(): Totals;
  /** Of what makes tracks out of others. */
  transcoder(): Figures | undefined;
}

/** What sessions sent and received, of those that ended too. */
export function trafficSeries(
  prometheus: Prometheus,
  { totals, transcoder }: TrafficOptions,
): void {
  counter(prometheus, {
    name: "millrace_bytes_total",
    help: "Bytes from publishers and to viewers, as they are on UDP or TCP without their headers; both directions of each.",
    labels: ["direction", "transport"],
    read: () => bytes(totals()),
  });
  counter(prometheus, {
    name: "millrace_rtp_packets_total",
    help: "RTP packets without those sent again: received from publishers, sent to viewers.",
    labels: ["direction", "kind"],
    read: () => {
      const { received, sent } = both(totals());
      return [
        { labels: { direction: "received", kind: "video" }, value: received.videoPackets },
        { labels: { direction: "received", kind: "audio" }, value: received.audioPackets },
        { labels: { direction: "sent", kind: "video" }, value: sent.videoPackets },
        { labels: { direction: "sent", kind: "audio" }, value: sent.audioPackets },
      ];
    },
  });
  for (const { name, help, field } of feedback) {
    counter(prometheus, {
      name,
      help,
      labels: ["from"],
      read: () => {
        const { received, sent } = both(totals());
        return [
          { labels: { from: "viewers" }, value: sent[field] },
          { labels: { from: "gateway" }, value: received[field] },
        ];
      },
    });
  }
  counter(prometheus, {
    name: "millrace_rtx_packets_total",
    help: "RTP packets sent again: received from publishers, sent to viewers.",
    labels: ["direction"],
    read: () => {
      const { received, sent } = both(totals());
      return [
        { labels: { direction: "received" }, value: received.retransmitted },
        { labels: { direction: "sent" }, value: sent.retransmitted },
      ];
    },
  });
  counter(prometheus, {
    name: "millrace_frames_dropped_total",
    help: "Frames not passed on: slow_viewer, transcoder_full (a limit was reached), transcoder_late (left out to catch up).",
    labels: ["reason"],
    read: () => {
      const growing = transcoder()?.growing ?? {};
      return [
        { labels: { reason: "slow_viewer" }, value: both(totals()).sent.framesDropped },
        { labels: { reason: "transcoder_full" }, value: growing["framesDropped"] ?? 0 },
        { labels: { reason: "transcoder_late" }, value: growing["framesSkipped"] ?? 0 },
      ];
    },
  });
}

const feedback = [
  {
    name: "millrace_nack_total",
    help: "Requests to send packets again: from viewers to the gateway, from the gateway to publishers.",
    field: "nacks",
  },
  {
    name: "millrace_pli_total",
    help: "Requests for a key frame (PLI and FIR): from viewers to the gateway, from the gateway to publishers.",
    field: "keyRequests",
  },
] as const;

function bytes({ viewers, publishers }: Totals): readonly Sample[] {
  const sums = new Map<string, SessionCounts>();
  // WebRTC is both.
  for (const [transport, counts] of [...viewers, ...publishers]) {
    const sum = sums.get(transport) ?? noCounts();
    addCounts(sum, counts);
    sums.set(transport, sum);
  }
  return [...sums].flatMap(([transport, { bytesReceived, bytesSent }]) => [
    { labels: { direction: "received", transport }, value: bytesReceived },
    { labels: { direction: "sent", transport }, value: bytesSent },
  ]);
}

/** Of all transports together: what came from publishers, and what went to viewers. */
function both({ viewers, publishers }: Totals): {
  readonly received: SessionCounts;
  readonly sent: SessionCounts;
} {
  return { received: sum(publishers), sent: sum(viewers) };
}

function sum(of: ReadonlyMap<string, Readonly<SessionCounts>>): SessionCounts {
  const all = noCounts();
  for (const counts of of.values()) addCounts(all, counts);
  return all;
}
