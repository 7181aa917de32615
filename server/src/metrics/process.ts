import { collectDefaultMetrics, type Registry as Prometheus } from "prom-client";
import { counter, type Figures, figures, gauge } from "./series.ts";

/** Of the relay: what there is now, and payload bytes since it began. */
export interface RelayFigures {
  readonly allocations: number;
  /** From clients to peers. */
  readonly bytesIn: number;
  /** From peers to clients. */
  readonly bytesOut: number;
  readonly restarts: number;
}

/** A certificate that is shown to browsers. */
export interface CertificateFigures {
  /** What it is for, one of a few words such as `http` or `turn`. */
  readonly name: string;
  /** When it ends, milliseconds since 1970. */
  readonly expiresWallMs: number;
}

/** What the parts of the process tell; undefined what is not there. */
export interface ProcessOptions {
  readonly version: string;
  /** Which tier seals and sends media; undefined before it is chosen. */
  egress(): string | undefined;
  /** Of the WebRTC port; undefined before it is open. */
  rtc(): Figures | undefined;
  /** Of the native egress; undefined where another tier runs. */
  native(): Figures | undefined;
  transcoder(): Figures | undefined;
  relay(): RelayFigures | undefined;
  certificates(): readonly CertificateFigures[];
  /** Lines by level. */
  logLines(): Readonly<Record<string, number>>;
}

/** Gauges of prom-client whose names end as counters' do; their parts by type are told anyway. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** Certificates that are told apart. */
const maxCertificates = 16;

/** The process, its libraries and its helpers. */
export function processSeries(prometheus: Prometheus, options: ProcessOptions): void {
  collectDefaultMetrics({ register: prometheus });
  for (const name of misnamed) prometheus.removeSingleMetric(name);
  gauge(prometheus, {
    name: "millrace_build_info",
    help: "1, with version, version of Node and what seals and sends media as labels.",
    labels: ["version", "node", "egress"],
    read: () => {
      const { version } = options;
      const egress = options.egress() ?? "none";
      return [{ labels: { version, node: process.versions.node, egress }, value: 1 }];
    },
  });
  figures(prometheus, "millrace_rtc", "The WebRTC port", options.rtc);
  figures(prometheus, "millrace_egress", "The native egress", options.native);
  figures(prometheus, "millrace_transcoder", "The transcoder", options.transcoder);
  counter(prometheus, {
    name: "millrace_log_lines_total",
    help: "Lines of the log by level, those of levels that are written.",
    labels: ["level"],
    read: () =>
      Object.entries(options.logLines()).map(([level, value]) => ({ labels: { level }, value })),
  });
  gauge(prometheus, {
    name: "millrace_certificate_expiry_timestamp_seconds",
    help: "When a certificate that is shown to browsers ends, seconds since 1970.",
    labels: ["certificate"],
    read: () =>
      options
        .certificates()
        .slice(0, maxCertificates)
        .map(({ name, expiresWallMs }) => ({
          labels: { certificate: name },
          value: expiresWallMs / 1000,
        })),
  });
  relaySeries(prometheus, options.relay);
}

function relaySeries(prometheus: Prometheus, relay: () => RelayFigures | undefined): void {
  const one = (pick: (figures: RelayFigures) => number) => () => {
    const told = relay();
    return told === undefined ? [] : [{ labels: {}, value: pick(told) }];
  };
  gauge(prometheus, {
    name: "millrace_turn_allocations",
    help: "Addresses that the TURN relay lends to browsers.",
    labels: [],
    read: one(({ allocations }) => allocations),
  });
  counter(prometheus, {
    name: "millrace_turn_restarts_total",
    help: "How often the process of the TURN relay was replaced.",
    labels: [],
    read: one(({ restarts }) => restarts),
  });
  const sums = { in: new RisingSum(), out: new RisingSum() };
  counter(prometheus, {
    name: "millrace_turn_bytes_total",
    help: "Payload bytes that the TURN relay passed on: in from browsers, out to browsers.",
    labels: ["direction"],
    read: () => {
      const told = relay();
      if (told === undefined) return [];
      return [
        { labels: { direction: "in" }, value: sums.in.add(told.bytesIn) },
        { labels: { direction: "out" }, value: sums.out.add(told.bytesOut) },
      ];
    },
  });
}

/** Goes on where a counter began anew. */
class RisingSum {
  #before = 0;
  #last = 0;

  add(value: number): number {
    if (value < this.#last) this.#before += this.#last;
    this.#last = value;
    return this.#before + value;
  }
}
