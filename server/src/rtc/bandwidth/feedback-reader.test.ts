import type { TransportCcPacket } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { FeedbackReader } from "./feedback-reader.ts";
import { defaultBandwidthLimits } from "./limits.ts";
import { LossRate } from "./loss-rate.ts";
import { ProbeSchedule } from "./probe-schedule.ts";

const limits = defaultBandwidthLimits;

/** 1 Mbit/s in packets of 1,250 bytes every 10 ms, each 20 ms on its way; reports on ten packets each. */
class Exchange {
  readonly loss = new LossRate(limits);
  readonly probes = new ProbeSchedule(limits);
  readonly reader = new FeedbackReader(limits, this.loss, this.probes);
  readonly reports: TransportCcPacket[][] = [];
  #sequence = 0;

  send(reports: number): void {
    for (let i = 0; i < reports * 10; i++) {
      const atUs = this.#sequence * 10_000;
      this.reader.history.note(this.#sequence, 1250, atUs, 0);
      if (this.#sequence % 10 === 0) this.reports.push([]);
      this.reports.at(-1)?.push({ sequence: this.#sequence & 0xffff, arrivalUs: atUs + 20_000 });
      this.#sequence++;
    }
  }

  read(packets: readonly TransportCcPacket[] | undefined): boolean {
    const nowUs = this.#sequence * 10_000;
    return this.reader.read({ feedbackCount: 0, packets: packets ?? [] }, nowUs);
  }
}

describe("feedback reader", () => {
  it("counts packets whose report was lost as arrived", () => {
    const exchange = new Exchange();
    for (let i = 0; i < 40; i += 2) {
      exchange.send(2);
      expect(exchange.read(exchange.reports[i])).toBe(true);
    }
    expect(exchange.reader.throughput.receivedBps).toBeGreaterThan(900_000);
    expect(exchange.reader.throughput.receivedBps).toBeLessThan(1_300_000);
  });

  it("counts no packet twice, however often and late it is reported", () => {
    const exchange = new Exchange();
    for (let i = 0; i < 40; i += 2) {
      exchange.send(2);
      exchange.read(exchange.reports[i + 1]);
      exchange.read(exchange.reports[i]);
      exchange.read(exchange.reports[i + 1]);
    }
    expect(exchange.reader.throughput.receivedBps).toBeGreaterThan(800_000);
    expect(exchange.reader.throughput.receivedBps).toBeLessThan(1_200_000);
    expect(exchange.reader.usage()).toBe("normal");
  });

  it("takes back a loss when the packet is reported after all", () => {
    const exchange = new Exchange();
    exchange.send(20);
    for (const report of exchange.reports) {
      exchange.read(report.map((packet) => ({ ...packet, arrivalUs: undefined })));
      exchange.read(report);
    }
    exchange.loss.update(1e6, 1e6, 50_000, 200, 0);
    expect(exchange.loss.share).toBe(0);
  });

  it("says when it knows none of the packets", () => {
    const exchange = new Exchange();
    expect(exchange.read([{ sequence: 0, arrivalUs: 1 }])).toBe(false);
    exchange.send(1);
    expect(exchange.read([])).toBe(false);
    expect(exchange.read([{ sequence: 10, arrivalUs: 1 }])).toBe(false);
    expect(exchange.read([{ sequence: 9, arrivalUs: 1 }])).toBe(true);
  });

  it("does not compare packets around a probe", () => {
    const exchange = new Exchange();
    exchange.send(20);
    for (const report of exchange.reports) exchange.read(report);
    const { history } = exchange.reader;
    let nowUs = history.last * 10_000 + 10_000;
    let sequence = history.last + 1;
    // A probe whose packets queue for 300 ms, and media right after it.
    for (let i = 0; i < 60; i++) {
      nowUs += i < 40 ? 5_000 : 4_000;
      history.note(sequence, 1200, nowUs, i < 40 ? 9 : 0);
      const arrivalUs = nowUs + 20_000 + i * 8_000;
      exchange.reader.read({ feedbackCount: 0, packets: [{ sequence, arrivalUs }] }, nowUs);
      sequence++;
    }
    expect(exchange.reader.usage()).toBe("normal");
  });
});
