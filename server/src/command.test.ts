import { describe, expect, it } from "vitest";
import { parseCommand } from "./command.ts";

const parse = (...args: string[]) => parseCommand({ args, readFile: () => "" });

describe("parseCommand", () => {
  it("serves unless told otherwise", () => {
    expect(parse().type).toBe("serve");
    expect(parse("serve", "--demo")).toMatchObject({ loaded: { config: { demo: true } } });
  });

  it("prints help with every flag, and the version", () => {
    expect(parse("--help")).toMatchObject({ type: "print" });
    expect(JSON.stringify(parse("-h"))).toContain("--rtmp-port <port>");
    expect(parse("--version")).toMatchObject({ text: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it("asks the doctor, with flags of its own and those of the configuration", () => {
    const asked = parse("doctor", "--json", "--url=http://a.example", "--rtmp-port", "2");
    expect(asked).toMatchObject({
      type: "doctor",
      asked: { json: true, url: "http://a.example" },
      loaded: { config: { rtmp: { port: 2 } } },
    });
    expect(() => parse("doctor", "--url")).toThrow("--url: a value is missing");
    expect(() => parse("doctor", "now")).toThrow("not understood");
    expect(() => parse("serve", "--json")).toThrow("--json");
    expect(JSON.stringify(parse("doctor", "--help"))).toContain("millrace doctor");
  });

  it("starts no server when the doctor is asked for after flags", () => {
    expect(() => parse("--rtmp-port", "2", "doctor")).toThrow("stands before all flags");
    expect(() => parse("serve", "doctor")).toThrow("not understood");
    expect(parse("--rtmp-port", "2", "serve").type).toBe("serve");
  });

  it("estimates capacity, with flags of its own and those of the configuration", () => {
    const asked = parse(
      ...["capacity", "--quality", "2.5M:70%", "--quality=600k:30%", "--http-flv", "300"],
      ...["--record-hours", "2", "--cores=8", "--memory", "16G", "--rtc-max-peers", "9"],
    );
    expect(asked).toMatchObject({
      type: "capacity",
      asked: {
        plan: {
          qualities: [
            { bitrateBps: 2_500_000, share: 0.7 },
            { bitrateBps: 600_000, share: 0.3 },
          ],
          viewers: { webrtc: 0, "http-flv": 300 },
          recordedSeconds: 7200,
        },
        cores: 8,
        memoryBytes: 16e9,
        measure: false,
      },
      loaded: { config: { rtc: { maxPeers: 9 } } },
    });
    expect(parse("capacity")).toMatchObject({ asked: { plan: { viewers: { webrtc: 100 } } } });
    expect(parse("capacity", "--viewers", "7")).toMatchObject({
      asked: { plan: { viewers: { webrtc: 7 } } },
    });
    for (const [flag, value] of [
      ["--quality", "fast"],
      ["--quality", "0"],
      ["--streams", "-1"],
      ["--fps", "0"],
      ["--tier", "best"],
      ["--webrtc", "many"],
    ] as const) {
      expect(() => parse("capacity", `${flag}=${value}`), value).toThrow(flag);
    }
    expect(() => parse("capacity", "now")).toThrow("not understood");
    expect(() => parse("--demo", "capacity")).toThrow("stands before all flags");
    expect(() => parse("serve", "--measure")).toThrow("--measure");
  });

  it("refuses what it does not know, with a suggestion", () => {
    expect(() => parse("--rtmp-prot", "1")).toThrow("Did you mean --rtmp-port?");
    expect(() => parse("sreve")).toThrow("Did you mean serve?");
    expect(() => parse("serve", "more")).toThrow("not understood");
  });
});
