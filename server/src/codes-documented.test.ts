import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["server/src", "server/media/src", "signaling/src", "client/src"];
/** Words of this shape that are not codes of ours. */
const otherWords = new Set([
  "AEAD_AES_128_GCM",
  "AES_CM_128_HMAC_SHA1_80",
  "ERR_HTTP_REQUEST_TIMEOUT",
  "MILLRACE_CONFIG",
  "PUSH_REWRITE",
  "RTMP_PUSH_REWRITE",
  "STREAM_BUFFER",
  "USER_END",
  "USER_NEW",
]);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter(
      (path) => path.endsWith(".ts") && !/\.test\.ts$|test-|fake-|testing\/|\/test\//.test(path),
    )
    .map((path) => join(root, folder, path));
}

test("every code in the sources stands in docs/errors.md", () => {
  const document = readFileSync(join(root, "docs/errors.md"), "utf8");
  const documented = new Set<string>();
  const families: string[] = [];
  for (const [, code = ""] of document.matchAll(/`([A-Z][A-Z0-9_]+\*?)`/g)) {
    if (code.endsWith("*")) families.push(code.slice(0, -1));
    else documented.add(code);
  }
  const missing = new Set<string>();
  for (const path of folders.flatMap(sources)) {
    for (const [, code = ""] of readFileSync(path, "utf8").matchAll(
      /"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"/g,
    )) {
      const known =
        documented.has(code) ||
        otherWords.has(code) ||
        families.some((family) => code.startsWith(family));
      if (!known) missing.add(code);
    }
  }
  expect([...missing]).toEqual([]);
});
