import { Gauge, type Registry as Prometheus } from "prom-client";

/** What is told of a certificate. */
export interface CertificateFigures {
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** When certificates end. Labels are the first name of each, of which an operator configures few. */
export function certificateGauge(
  prometheus: Prometheus,
  read: () => readonly CertificateFigures[],
): void {
  const gauge = new Gauge({
    name: "millrace_certificate_expires_timestamp_seconds",
    help: "When a certificate of HTTPS, RTMPS or TURN ends, in seconds since 1970, with its first name.",
    labelNames: ["name"],
    registers: [prometheus],
    collect() {
      gauge.reset();
      for (const { names, expiresAtMs } of read()) {
        gauge.set({ name: names[0] ?? "" }, expiresAtMs / 1000);
      }
    },
  });
}
