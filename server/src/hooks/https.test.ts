import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBackEnd } from "./test-back-end.ts";
import { codeOf, HookRig, noSrs } from "./test-hooks.ts";

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;

interface Made {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-https-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An authority of one's own and a certificate that it signed for a server. */
function make(name: string, subjectAltName: string): Made {
  const at = (file: string): string => join(folder, `${name}-${file}`);
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = ["-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", `/CN=${name} authority`];
  openssl("req", "-x509", ...newKey, ...ca, "-days", "2");
  openssl("req", ...newKey, "-keyout", at("key"), "-out", at("csr"), "-subj", `/CN=${name}`);
  writeFileSync(at("ext"), `subjectAltName=${subjectAltName}\n`);
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at("csr"), ...signed, "-extfile", at("ext"), "-out", at("pem"));
  const read = (file: string): string => readFileSync(at(file), "utf8");
  return { ca: read("ca.pem"), cert: read("pem"), key: read("key") };
}

describe.runIf(hasOpenssl)("an https address of hooks", () => {
  test.each([
    ["of an authority that is trusted", "IP:127.0.0.1", true, "ok"],
    ["of an authority that is not", "IP:127.0.0.1", false, "HOOK_UNAVAILABLE"],
    ["for another host", "DNS:elsewhere.example", true, "HOOK_UNAVAILABLE"],
  ])("with a certificate %s", async (_, name, trusts, code) => {
    const made = make(`test${trusts}${code}`, name);
    const backEnd = await new TestBackEnd(made).start();
    backEnd.answer = () => ({ body: "0" });
    const rig = new HookRig({
      srs: { ...noSrs, publishUrls: [backEnd.url], unpublishUrls: [backEnd.url] },
      ca: trusts ? made.ca : "",
    });
    const results: string[] = [];
    rig.hooks.observe({
      onCall: ({ hook, result, seconds }) => {
        expect(seconds).toBeGreaterThanOrEqual(0);
        results.push(`${hook} ${result}`);
      },
    });
    try {
      expect(await codeOf(rig.publish())).toBe(code);
      expect(results).toEqual([`srs.publish ${code === "ok" ? "allow" : "error"}`]);
      expect(backEnd.received).toHaveLength(code === "ok" ? 1 : 0);
    } finally {
      await rig.close();
      backEnd.close();
    }
  });
});
