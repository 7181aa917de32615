import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortPool } from "./port-pool.ts";

describe("PortPool", () => {
  it("gives each port once, then none", () => {
    const pool = new PortPool(49_152, 49_451);
    const taken = new Set(Array.from({ length: 300 }, () => pool.take()));
    expect(taken.size).toBe(300);
    expect(Math.min(...([...taken] as number[]))).toBe(49_152);
    expect(Math.max(...([...taken] as number[]))).toBe(49_451);
    expect(pool.take()).toBeUndefined();
    expect(pool.free).toBe(0);
  });

  it("gives a port back once, however often it is released", () => {
    const pool = new PortPool(10, 10);
    const port = pool.take() ?? 0;
    expect(pool.isFree(port)).toBe(false);
    pool.release(port);
    pool.release(port);
    pool.release(9);
    pool.release(11);
    expect(pool.free).toBe(1);
    expect(pool.take()).toBe(10);
  });

  it("finds the last even port and the last pair", () => {
    const pool = new PortPool(11, 16);
    expect([12, 14]).toContain(pool.takeEven(true));
    expect([12, 14]).toContain(pool.takeEven(true));
    expect(pool.takeEven(true)).toBeUndefined();
    expect(pool.takeEven(false)).toBe(16);
    expect(pool.takeEven(false)).toBeUndefined();
    expect(pool.take()).toBe(11);
  });

  it("refuses ranges that are none", () => {
    expect(() => new PortPool(0, 10)).toThrow(RangeError);
    expect(() => new PortPool(10, 9)).toThrow(RangeError);
    expect(() => new PortPool(10, 65_536)).toThrow(RangeError);
    expect(new PortPool(1, 65_535).free).toBe(65_535);
  });

  it("keeps count whatever is taken and released", () => {
    const step = fc.oneof(
      fc.constant({ type: "take" } as const),
      fc.record({ type: fc.constant("even" as const), pair: fc.boolean() }),
      fc.record({ type: fc.constant("release" as const), port: fc.integer({ min: 99, max: 121 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pool = new PortPool(100, 120);
        const taken = new Set<number>();
        for (const each of steps) {
          if (each.type === "release") {
            pool.release(each.port);
            taken.delete(each.port);
          } else {
            const port = each.type === "take" ? pool.take() : pool.takeEven(each.pair);
            if (port === undefined) continue;
            const ports = each.type === "even" && each.pair ? [port, port + 1] : [port];
            for (const one of ports) {
              expect(taken.has(one)).toBe(false);
              taken.add(one);
            }
          }
          expect(pool.free).toBe(21 - taken.size);
          for (let port = 100; port <= 120; port++) {
            expect(pool.isFree(port)).toBe(!taken.has(port));
          }
        }
      }),
    );
  });
});
