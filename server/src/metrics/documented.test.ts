import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { TestMetrics } from "./test-metrics.ts";

const page = fileURLToPath(new URL("../../../docs/metrics.md", import.meta.url));

test("docs/metrics.md tells every metric with its kind, and no other", async () => {
  const { metrics } = new TestMetrics({ streams: ["*"] });
  const told = new Map<string, string>();
  for (const [, name = "", kind = ""] of (await metrics.text()).matchAll(
    /^# TYPE (millrace_\w+) (\w+)$/gm,
  )) {
    told.set(name, kind);
  }
  metrics.close();
  const documented = new Map<string, string>();
  const row = /^\| `(millrace_\w+)` \| (\w+) \|/gm;
  for (const [, name = "", kind = ""] of readFileSync(page, "utf8").matchAll(row)) {
    expect(documented).not.toContain(name);
    documented.set(name, kind);
  }
  expect(told.size).toBeGreaterThan(40);
  expect([...documented.keys()].sort()).toEqual([...told.keys()].sort());
  for (const [name, kind] of documented) expect(kind, name).toBe(told.get(name));
});
