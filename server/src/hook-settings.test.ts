import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "./config/index.ts";
import { hookSettings } from "./hook-settings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-hooks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settingsOf = (path: string): ReturnType<typeof hookSettings> =>
  hookSettings(loadConfig({ args: [`--hooks-ca-file=${path}`], readFile: () => "" }).config);

test("the certificates of a file are taken, and what else stands in it is not", () => {
  const path = join(folder, "ca.pem");
  const [first = "", second = ""] = rootCertificates;
  writeFileSync(path, `of our own:\n${first}\n${second}\n`);
  expect(settingsOf(path).ca).toBe(`${first}\n${second}`);
});

test.each([
  ["cannot be read", undefined],
  ["has no certificate in it", "nothing"],
  [
    "has a block that is no certificate",
    "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----",
  ],
])("a file that %s is no configuration", (what, content) => {
  const path = join(folder, "none.pem");
  if (content !== undefined) writeFileSync(path, content);
  expect(() => settingsOf(path)).toThrow(`hooks.caFile is ${path}, which ${what}.`);
});
