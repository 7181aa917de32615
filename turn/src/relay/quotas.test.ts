import { describe, expect, it } from "vitest";
import { type QuotaPlace, Quotas } from "./quotas.ts";

const limits = { maxAllocations: 4, maxAllocationsPerUser: 2, maxAllocationsPerAddress: 3 };

describe("Quotas", () => {
  it("says which limit was met", () => {
    const quotas = new Quotas(limits);
    expect(quotas.take("a", "1")).toBeTypeOf("object");
    expect(quotas.take("a", "1")).toBeTypeOf("object");
    expect(quotas.take("a", "2")).toBe("user");
    expect(quotas.take("b", "1")).toBeTypeOf("object");
    expect(quotas.take("c", "1")).toBe("address");
    expect(quotas.take("c", "2")).toBeTypeOf("object");
    expect(quotas.take("d", "3")).toBe("total");
  });

  it("gives a place back once and keeps nothing of it", () => {
    const quotas = new Quotas(limits);
    const places = [quotas.take("a", "1"), quotas.take("a", "2")] as QuotaPlace[];
    for (const place of [...places, ...places]) place.release();
    expect(quotas.total).toBe(0);
    expect(quotas.entries).toBe(0);
    expect(quotas.take("a", "1")).toBeTypeOf("object");
  });
});
