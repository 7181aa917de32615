import { expect, test } from "vitest";
import { clientId, clientIdFor, randomName } from "./client-id.ts";

const pattern = /^[A-Za-z0-9_-]{22}$/;

function storage(values: Record<string, string> = {}) {
  const kept = new Map(Object.entries(values));
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test("a tab keeps its id", () => {
  const kept = storage();
  const id = clientId(kept);
  expect(id).toMatch(pattern);
  expect(clientId(kept)).toBe(id);
  expect([...kept.kept.values()]).toEqual([id]);
});

test("what is kept is only believed when it can be an id", () => {
  const other = "x".repeat(64);
  expect(clientId(storage({ "millrace-client": other }))).toBe(other);
  for (const bad of ["", "short", "x".repeat(65), "a b".repeat(10)]) {
    expect(clientId(storage({ "millrace-client": bad }))).toMatch(pattern);
  }
});

test("without anywhere to keep it, it lasts as long as the page", () => {
  const forbidden = {
    getItem: () => {
      throw new Error("SecurityError");
    },
    setItem: () => {},
  };
  const id = clientId(forbidden);
  expect(id).toMatch(pattern);
  expect(clientId(undefined)).toBe(id);
});

test("only servers elsewhere are told: here a cookie is there", () => {
  expect(clientIdFor("https://a.example/x/", "https://a.example")).toBeUndefined();
  expect(clientIdFor("https://a.example:8443/", "https://a.example")).toMatch(pattern);
  expect(clientIdFor("https://a.example/", "")).toBeUndefined();
});

test("names are of the characters that a URL has as they are", () => {
  for (let i = 0; i < 200; i++) expect(randomName(22)).toMatch(pattern);
  expect(randomName(22)).not.toBe(randomName(22));
});
