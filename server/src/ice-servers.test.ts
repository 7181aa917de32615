import { issueCredentials } from "@millrace/turn";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./config/index.ts";
import { FakeClock } from "./core/fake-clock.ts";
import { iceServersFor } from "./ice-servers.ts";

const clock = new FakeClock(1_700_000_000_900);

function servers(...args: string[]) {
  return iceServersFor(loadConfig({ args, readFile: () => "" }).config.rtc, clock)("viewer-1");
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
    expect(servers(`--rtc-ice-servers=${JSON.stringify(fixed)}`)).toEqual(fixed);
  });

  it("makes credentials that expire for servers that share the secret", () => {
    const flags = ["--rtc-turn-urls=turn:t.example", "--rtc-turn-secret=shared-secret"];
    const { username, password } = issueCredentials("shared-secret", "viewer-1", 1_700_000_600);
    expect(servers(...flags, "--rtc-turn-ttl-seconds=600")).toEqual([
      { urls: ["turn:t.example"], username, credential: password },
    ]);
  });
});
