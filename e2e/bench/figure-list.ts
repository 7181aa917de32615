/** The figures to reach: what, how far, and which bench measures it. */

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly digits: number;
  /** What the figure should be at most or at least; undefined: it is there for comparison. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** As in `npm run bench -- NAME`. */
  readonly bench: string;
}

const list = {
  "glass.p50": {
    what: "RTMP to WebRTC, encoder's output to screen, p50",
    ...{ unit: "ms", digits: 0, atMost: 50, bench: "first-picture" },
  },
  "glass.p95": {
    what: "the same, p95",
    ...{ unit: "ms", digits: 0, atMost: 80, bench: "first-picture" },
  },
  "delay.p50": {
    what: "inside the gateway, RTMP in to RTP out, 100 viewers, p50",
    ...{ unit: "ms", digits: 2, atMost: 1, bench: "rtc" },
  },
  "delay.p95": { what: "the same, p95", unit: "ms", digits: 2, bench: "rtc" },
  "delay.p99": { what: "the same, p99", unit: "ms", digits: 2, atMost: 5, bench: "rtc" },
  "first-picture.p95": {
    what: "navigation to first picture in Chromium, p95 (the page's loading is in it)",
    ...{ unit: "ms", digits: 0, atMost: 300, bench: "first-picture" },
  },
  "key-frame.p95": {
    what: "click to first key frame, 2 s GOP, 100 viewers joining at 50/s, p95",
    ...{ unit: "ms", digits: 0, atMost: 300, bench: "rtc" },
  },
  "packet.node": {
    what: "WebRTC fan-out without native code, whole process, CPU per packet, 100 viewers",
    ...{ unit: "µs", digits: 2, atMost: 4.5, bench: "rtc" },
  },
  "packet.native": {
    what: "the same with native code",
    ...{ unit: "µs", digits: 2, atMost: 1.8, bench: "rtc" },
  },
  "egress.gcm": {
    what: "egress core alone, AES-GCM, CPU per packet",
    ...{ unit: "µs", digits: 2, bench: "egress" },
  },
  "egress.cm": {
    what: "egress core alone, AES-CM with HMAC-SHA1, CPU per packet",
    ...{ unit: "µs", digits: 2, bench: "egress" },
  },
  "egress.gcm.share": {
    what: "native egress core, of the speed of plain C, AES-GCM",
    ...{ unit: "%", digits: 0, atLeast: 90, bench: "egress" },
  },
  "egress.cm.share": {
    what: "native egress core, of the speed of plain C, AES-CM",
    ...{ unit: "%", digits: 0, atLeast: 90, bench: "egress" },
  },
  "egress.gcm.raw-share": {
    what: "the same, of plain C that leaves OpenSSL's EVP out, AES-GCM",
    ...{ unit: "%", digits: 0, bench: "egress" },
  },
  "egress.cm.raw-share": {
    what: "the same, AES-CM",
    ...{ unit: "%", digits: 0, bench: "egress" },
  },
  "cores.second": {
    what: "speed with a second core, of that with one",
    ...{ unit: "×", digits: 2, atLeast: 1.6, bench: "cores" },
  },
  joins: {
    what: "WebRTC joins per second of CPU, signaling included",
    ...{ unit: "/s", digits: 0, atLeast: 250, bench: "rtc" },
  },
  "memory.rtc": {
    what: "memory per WebRTC viewer",
    ...{ unit: "kB", digits: 0, atMost: 150, bench: "rtc" },
  },
  "flv.cpu": {
    what: "HTTP-FLV, 1000 players at 2.6 Mbit/s, CPU",
    ...{ unit: "% of a core", digits: 1, atMost: 17, bench: "http" },
  },
  "flv.delay.p50": {
    what: "the same, added delay p50",
    ...{ unit: "ms", digits: 1, atMost: 25, bench: "http" },
  },
  "memory.flv": {
    what: "memory per HTTP-FLV player",
    ...{ unit: "kB", digits: 0, atMost: 60, bench: "http" },
  },
  "stream.cpu": {
    what: "a stream of bytes over HTTP, 1000 players at 2.6 Mbit/s, CPU",
    ...{ unit: "% of a core", digits: 1, bench: "tcp-peers" },
  },
  "stream.delay.p50": {
    what: "the same, added delay p50",
    ...{ unit: "ms", digits: 1, bench: "tcp-peers" },
  },
  "stream.memory": {
    what: "the same, memory per player",
    ...{ unit: "kB", digits: 0, bench: "tcp-peers" },
  },
  "rtmp-play.cpu": {
    what: "RTMP players, CPU per 100 of them at 2.6 Mbit/s",
    ...{ unit: "% of a core", digits: 2, bench: "tcp-peers" },
  },
  "rtmp-play.delay.p50": {
    what: "the same, added delay p50",
    ...{ unit: "ms", digits: 1, bench: "tcp-peers" },
  },
  "rtmp-play.memory": {
    what: "the same, memory per player",
    ...{ unit: "kB", digits: 0, bench: "tcp-peers" },
  },
  "publishers.cpu": {
    what: "100 publishers of bare FLV, CPU",
    ...{ unit: "% of a core", digits: 1, atMost: 35, bench: "http" },
  },
  "publishers.memory": {
    what: "100 publishers of bare FLV, memory of the process",
    ...{ unit: "MB", digits: 0, atMost: 100, bench: "http" },
  },
  "transcode.cpu": {
    what: "one publisher whose AAC becomes Opus, CPU beyond that of one without",
    ...{ unit: "% of a core", digits: 1, atMost: 2, bench: "transcode" },
  },
  "storm.join": {
    what: "an existing viewer's packets while 100 join in 1 s, p99",
    ...{ unit: "ms", digits: 1, atMost: 20, bench: "storms" },
  },
  "storm.nack": {
    what: "an existing viewer's packets in a NACK storm, p99",
    ...{ unit: "ms", digits: 1, atMost: 20, bench: "storms" },
  },
  "registry.lookup": {
    what: "a stream found by its name among 10,000",
    ...{ unit: "ns", digits: 0, bench: "registry" },
  },
  "registry.join": {
    what: "WHEP on a gateway with 10,000 live streams, p50, of that with ten",
    ...{ unit: "×", digits: 2, atMost: 1.3, bench: "registry" },
  },
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureId = keyof typeof list;

export const figureList: Readonly<Record<FigureId, Figure>> = list;

/** What tests show instead of a bench: they fail when it is missed. */
export const testedFigures: readonly { readonly what: string; readonly spec: string }[] = [
  { what: "viewer falls back when UDP dies: at most 3 s, and back to WebRTC", spec: "ladder" },
  { what: "2, 5 and 10 % loss: freezes", spec: "loss" },
];
