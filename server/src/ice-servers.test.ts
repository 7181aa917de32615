import { issueCredentials } from "@millrace/turn";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./config/index.ts";
import { FakeClock } from "./core/fake-clock.ts";
import { iceServersFor, type SharedTurn } from "./ice-servers.ts";

const clock = new FakeClock(1_700_000_000_900);

function servers(args: readonly string[] = [], bundled?: SharedTurn) {
  const { config } = loadConfig({ args, readFile: () => "" });
  return iceServersFor(config, clock, () => bundled)("viewer-1");
}

describe("iceServersFor", () => {
  it("is empty unless something is configured", () => {
    expect(servers()).toEqual([]);
  });

  it("names configured servers as they are", () => {
    const fixed = [
      { urls: ["stun:a.example"] },
      { urls: ["turn:b.example"], username: "u", credential: "c" },
    ];
    expect(servers([`--rtc-ice-servers=${JSON.stringify(fixed)}`])).toEqual(fixed);
  });

  it("makes credentials that expire for servers that share the secret", () => {
    const flags = ["--rtc-turn-urls=turn:t.example", "--rtc-turn-secret=shared-secret"];
    const { username, password } = issueCredentials("shared-secret", "viewer-1", 1_700_000_600);
    expect(servers([...flags, "--rtc-turn-ttl-seconds=600"])).toEqual([
      { urls: ["turn:t.example"], username, credential: password },
    ]);
  });

  it("takes turn.secret for other servers when they have none of their own", () => {
    const flags = ["--rtc-turn-urls=turn:t.example", "--turn-secret=shared-secret"];
    const { username, password } = issueCredentials("shared-secret", "viewer-1", 1_700_000_600);
    expect(servers([...flags, "--rtc-turn-ttl-seconds=600"])).toEqual([
      { urls: ["turn:t.example"], username, credential: password },
    ]);
  });

  it("names the bundled relay before other servers, each with credentials of its own", () => {
    const urls = ["turn:192.0.2.1:3478?transport=udp"];
    const flags = ["--rtc-turn-urls=turn:t.example", "--rtc-turn-secret=shared-secret"];
    const username = "1700086400:viewer-1";
    const credential = (secret: string) =>
      issueCredentials(secret, "viewer-1", 1_700_086_400).password;
    expect(servers(flags, { urls, secret: "secret-of-this-start" })).toEqual([
      { urls, username, credential: credential("secret-of-this-start") },
      { urls: ["turn:t.example"], username, credential: credential("shared-secret") },
    ]);
  });

  it("says nothing of a relay that does not listen", () => {
    expect(servers([], { urls: [], secret: "secret-of-this-start" })).toEqual([]);
  });
});
