import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { TransactionMemory } from "./transaction-memory.ts";

test("remembers the last 256 transactions", () => {
  const memory = new TransactionMemory();
  expect(memory.has(new Uint8Array(12))).toBe(false);
  const ids = Array.from({ length: 257 }, () => randomBytes(12));
  for (const id of ids) memory.add(id);
  expect(ids.slice(1).every((id) => memory.has(id))).toBe(true);
  expect(memory.has(ids[0] ?? new Uint8Array(12))).toBe(false);
});
