import { expect, test } from "vitest";
import { DataInbox, MAX_INBOX_BYTES, MAX_INBOX_RECORDS } from "./data-inbox.ts";

test("records come out as they went in, empty ones left out", () => {
  const inbox = new DataInbox();
  for (const byte of [1, 2, 3]) {
    inbox.push(Uint8Array.of(byte));
    inbox.push(new Uint8Array());
  }
  expect([inbox.shift(), inbox.shift(), inbox.shift(), inbox.shift()]).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(2),
    Uint8Array.of(3),
    undefined,
  ]);
  expect(inbox.dropped).toBe(0);
});

test("records beyond the limit are dropped and counted until there is room again", () => {
  const inbox = new DataInbox();
  for (let i = 0; i < MAX_INBOX_RECORDS; i++) inbox.push(Uint8Array.of(i));
  expect(inbox.dropped).toBe(0);
  inbox.push(Uint8Array.of(200));
  expect(inbox.dropped).toBe(1);
  expect(inbox.shift()).toEqual(Uint8Array.of(0));
  inbox.push(Uint8Array.of(201));
  expect(inbox.dropped).toBe(1);
  const rest: number[] = [];
  for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) rest.push(next[0] ?? 0);
  expect(rest).toHaveLength(MAX_INBOX_RECORDS);
  expect(rest.at(-1)).toBe(201);
});

test("bytes beyond the limit are dropped and counted", () => {
  const inbox = new DataInbox();
  inbox.push(new Uint8Array(MAX_INBOX_BYTES - 1));
  inbox.push(new Uint8Array(2));
  expect(inbox.dropped).toBe(1);
  inbox.push(new Uint8Array(1));
  expect(inbox.dropped).toBe(1);
  inbox.clear();
  expect(inbox.shift()).toBeUndefined();
  inbox.push(new Uint8Array(MAX_INBOX_BYTES));
  expect(inbox.dropped).toBe(1);
});
