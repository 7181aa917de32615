import { describe, expect, it } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { silentLog } from "../../core/index.ts";
import { ReportWheel } from "./report-wheel.ts";

describe("ReportWheel", () => {
  it("lets everybody report every 800 ms from one timer, and stops with the last", () => {
    const clock = new FakeClock();
    const wheel = new ReportWheel(clock, silentLog);
    const reports: number[][] = [];
    const reporters = Array.from({ length: 20 }, (_, i) => {
      const times: number[] = [];
      reports.push(times);
      const reporter = { report: () => void times.push(clock.nowUs() / 1000), failed() {} };
      wheel.add(reporter);
      wheel.add(reporter);
      if (i % 3 === 0) clock.advance(100);
      return reporter;
    });
    expect(clock.timers).toBe(1);
    clock.advance(5000);
    for (const times of reports) {
      expect(times.length).toBeGreaterThanOrEqual(6);
      for (let i = 1; i < times.length; i++) {
        expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBe(800);
      }
    }
    for (const reporter of reporters) wheel.remove(reporter);
    expect(clock.timers).toBe(0);
    expect(wheel.size).toBe(0);
  });

  it("leaves out whoever fails", () => {
    const clock = new FakeClock();
    const wheel = new ReportWheel(clock, silentLog);
    let reports = 0;
    let failures = 0;
    wheel.add({
      report() {
        throw new Error("bug");
      },
      failed: () => void failures++,
    });
    wheel.add({ report: () => void reports++, failed() {} });
    clock.advance(1700);
    expect(reports).toBe(2);
    expect(failures).toBe(1);
    expect(wheel.size).toBe(1);
  });
});
