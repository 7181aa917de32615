import { describe, expect, it } from "vitest";
import { opennessOf } from "./access-settings.ts";
import { banner } from "./banner.ts";
import { loadConfig } from "./config/index.ts";

const http = { host: "::", port: 8080 };
const https = { host: "::", port: 8443 };
const rtmps = { host: "::", port: 1936 };
const rtmp = { host: "::", port: 1935 };

function show(...args: string[]): string {
  const { config } = loadConfig({ args, readFile: () => "" });
  const decider = { decides: (action: string) => config.hooks[`${action as "play"}Url`] !== "" };
  const openness = opennessOf(config, decider);
  const secure = config.https.selfSigned ? { https, rtmps } : {};
  const addresses = { http, ...secure, ...(config.rtmp.enabled ? { rtmp } : {}) };
  const tls = {
    selfSigned: config.https.selfSigned,
    facts: () => [{ fingerprint: "AB:".repeat(31).concat("CD"), expiresAtMs: 0 }],
  };
  return banner("1.2.3", config, { addresses, open: openness, tls });
}

describe("banner", () => {
  it("says where to watch, how to set OBS, and who is let in", () => {
    const text = show("--demo");
    expect(text).toContain("http://localhost:8080/live/demo");
    expect(text).toMatch(/Server +rtmp:\/\/localhost\/live\n/);
    expect(text).toMatch(/Stream key +cam\n/);
    expect(text).toContain("publish  from this machine without a token");
    expect(text).toContain("--auth-publish-tokens TOKEN");
  });

  it("says that a hook decides", () => {
    const text = show("--hooks-publish-url=https://a.example/ask");
    expect(text).toContain("publish  whoever the hook lets in");
    expect(text).toContain("watch    from anywhere without a token");
    expect(text).not.toContain("a.example");
    expect(text).not.toContain("auth-publish-tokens");
  });

  it("names tokens but never shows one", () => {
    const text = show("--auth-publish-tokens=secret-token-1", "--auth-play-tokens=secret-token-2");
    expect(text).toContain("cam?token=TOKEN");
    expect(text).toContain("publish  only with a token");
    expect(text).not.toContain("secret-token");
  });

  it("says where HTTPS is, and by what a self-signed certificate is known", () => {
    const text = show("--https-self-signed");
    expect(text).toContain("https://localhost:8443/live/cam");
    expect(text).toContain("rtmps://localhost:1936/live");
    expect(text.replace(/\n +/g, "")).toContain(`SHA-256:${"AB:".repeat(31)}CD`);
    expect(show()).not.toMatch(/https:|SHA-256|rtmps/);
  });

  it("uses the public address and the path prefix, and leaves out what is off", () => {
    expect(show("--http-public-urls=https://tv.example/x/")).toContain(
      "https://tv.example/x/live/cam",
    );
    expect(show("--http-base-path=/v")).toContain("http://localhost:8080/v/live/cam");
    expect(show("--no-rtmp-enabled")).not.toContain("rtmp://");
  });
});
