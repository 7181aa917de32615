import { describe, expect, it } from "vitest";
import type { MediaPlace } from "./answer.ts";
import type { Check } from "./check.ts";
import {
  judgePaths,
  type PathContext,
  type PathOutcome,
  type PathOutcomes,
} from "./judge-paths.ts";

const places: readonly MediaPlace[] = [
  { transport: "udp", address: "203.0.113.5", port: 8189 },
  { transport: "tcp", address: "203.0.113.5", port: 8189 },
];
const outside: PathContext = {
  facts: { network: "public", proxy: "none" },
  hostname: "gw.example",
};

function tried(state: PathOutcome["state"], more: Partial<PathOutcome> = {}): PathOutcome {
  return { state, tookMs: 12.4, places, ...more };
}

function look(
  udp: PathOutcome["state"],
  tcp: PathOutcome["state"],
  relay: PathOutcome["state"] = "absent",
  context: PathContext = outside,
  named: readonly MediaPlace[] = places,
): Record<string, string> {
  const outcomes: PathOutcomes = {
    udp: tried(udp, { places: named }),
    tcp: tried(tcp, { places: named }),
    relay: tried(relay, { places: named }),
  };
  return brief(judgePaths(outcomes, context));
}

function brief(checks: readonly Check[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, status, code }) => [id, `${status} ${code}`]));
}

function at(address: string): readonly MediaPlace[] {
  return [{ transport: "udp", address, port: 8189 }];
}

describe("paths", () => {
  it("all of them well", () => {
    expect(look("connected", "connected", "connected")).toEqual({
      "webrtc-udp": "ok OK",
      "webrtc-tcp": "ok OK",
      turn: "ok OK",
      "announced-addresses": "ok OK",
    });
  });

  it("UDP blocked is a warning while another path is there, and a fault without", () => {
    expect(look("silent", "connected")).toMatchObject({
      "webrtc-udp": "warn DOCTOR_MEDIA_UDP_BLOCKED",
      "webrtc-tcp": "ok OK",
      "announced-addresses": "ok OK",
    });
    expect(look("silent", "silent", "connected")).toMatchObject({
      "webrtc-udp": "warn DOCTOR_MEDIA_UDP_BLOCKED",
      "webrtc-tcp": "warn DOCTOR_MEDIA_TCP_BLOCKED",
      turn: "ok OK",
    });
    expect(look("silent", "silent")).toMatchObject({
      "webrtc-udp": "fail DOCTOR_MEDIA_UNREACHABLE",
      "webrtc-tcp": "fail DOCTOR_MEDIA_UNREACHABLE",
      turn: "skipped DOCTOR_NO_TURN",
      "announced-addresses": "skipped DOCTOR_NOT_KNOWN",
    });
  });

  it("TCP blocked is a warning, and not offered is none", () => {
    expect(look("connected", "silent")["webrtc-tcp"]).toBe("warn DOCTOR_MEDIA_TCP_BLOCKED");
    expect(look("connected", "absent")["webrtc-tcp"]).toBe("skipped DOCTOR_NO_ICE_TCP");
  });

  it("names the port that is to be opened", () => {
    const [udp] = judgePaths(
      { udp: tried("silent"), tcp: tried("connected"), relay: tried("absent") },
      outside,
    );
    expect(udp?.fix).toContain("UDP port 8189");
    expect(udp?.tookMs).toBe(12);
  });

  it("a browser without WebRTC is one fault, not three", () => {
    expect(look("unsupported", "unsupported", "unsupported")).toEqual({
      "webrtc-udp": "fail DOCTOR_WEBRTC_MISSING",
      "webrtc-tcp": "skipped DOCTOR_WEBRTC_MISSING",
      turn: "skipped DOCTOR_WEBRTC_MISSING",
      "announced-addresses": "skipped DOCTOR_NOT_KNOWN",
    });
  });

  it("packets pass but the handshake breaks", () => {
    expect(look("handshake", "connected")["webrtc-udp"]).toBe("fail DOCTOR_DTLS_FAILED");
  });

  it.each([
    ["UNAUTHORIZED", "skipped DOCTOR_STREAM_REFUSED"],
    ["FORBIDDEN", "skipped DOCTOR_STREAM_REFUSED"],
    ["PROBES_FULL", "skipped DOCTOR_BUSY"],
    ["RATE_LIMITED", "skipped DOCTOR_BUSY"],
    ["HTTP_502", "fail DOCTOR_PEER_REFUSED"],
  ])("refused with %s: %s", (code, expected) => {
    const refused: PathOutcome = { state: "refused", tookMs: 1, code };
    const seen = brief(judgePaths({ udp: refused, tcp: refused, relay: refused }, outside));
    expect(seen["webrtc-udp"]).toBe(expected);
    expect(seen["turn"]).toBe(expected);
  });
});

describe("TURN", () => {
  it.each([
    [[401], "DOCTOR_TURN_CREDENTIALS"],
    [[701, 438], "DOCTOR_TURN_CREDENTIALS"],
    [[486], "DOCTOR_TURN_FULL"],
    [[508], "DOCTOR_TURN_FULL"],
    [[701], "DOCTOR_TURN_UNREACHABLE"],
    [[], "DOCTOR_TURN_UNREACHABLE"],
  ])("errors %j: %s", (errors, code) => {
    const relay = tried("no-relay", { errors });
    const direct = { udp: tried("connected"), tcp: tried("silent") };
    expect(brief(judgePaths({ ...direct, relay }, outside))["turn"]).toBe(`warn ${code}`);
    const none = { udp: tried("silent"), tcp: tried("silent") };
    expect(brief(judgePaths({ ...none, relay }, outside))["turn"]).toBe(`fail ${code}`);
  });

  it("a relay that leads nowhere", () => {
    expect(look("silent", "silent", "silent")["turn"]).toBe("fail DOCTOR_TURN_NO_PATH");
  });
});

describe("announced addresses", () => {
  const wrong = {
    "webrtc-udp": "fail DOCTOR_ADDRESS_WRONG",
    "announced-addresses": "fail DOCTOR_ADDRESS_WRONG",
  };
  const unknown = { "announced-addresses": "skipped DOCTOR_NOT_KNOWN" };

  it("private ones are wrong for whoever comes from outside", () => {
    expect(look("silent", "silent", "absent", outside, at("172.17.0.2"))).toMatchObject(wrong);
    expect(look("silent", "silent", "absent", outside, at("fd00::2"))).toMatchObject(wrong);
  });

  it("private ones may be right for whoever is near, or when one of them is public", () => {
    const near: PathContext = {
      facts: { network: "private", proxy: "none" },
      hostname: "192.168.0.5",
    };
    expect(look("silent", "silent", "absent", near, at("192.168.0.5"))).toMatchObject(unknown);
    expect(
      look("silent", "silent", "absent", outside, [...at("10.0.0.2"), ...at("203.0.113.5")]),
    ).toMatchObject(unknown);
  });

  it("private ones are wrong behind a proxy that hides where the browser is", () => {
    const hidden: PathContext = {
      facts: { network: "loopback", proxy: "unknown" },
      hostname: "gw.example",
    };
    expect(look("silent", "silent", "absent", hidden, at("10.0.0.2"))).toMatchObject(wrong);
    const byIp = { ...hidden, hostname: "10.0.0.2" };
    expect(look("silent", "silent", "absent", byIp, at("10.0.0.2"))).toMatchObject(unknown);
  });

  it("loopback is wrong for every page but one of loopback", () => {
    const near: PathContext = {
      facts: { network: "private", proxy: "none" },
      hostname: "10.0.0.9",
    };
    expect(look("silent", "silent", "absent", near, at("127.0.0.1"))).toMatchObject(wrong);
    const here: PathContext = {
      facts: { network: "loopback", proxy: "none" },
      hostname: "localhost",
    };
    expect(look("silent", "silent", "absent", here, at("127.0.0.1"))).toMatchObject(unknown);
  });

  it("what connects is right, whatever it looks like", () => {
    expect(look("connected", "silent", "absent", outside, at("10.0.0.2"))).toMatchObject({
      "announced-addresses": "ok OK",
    });
  });

  it("no address at all", () => {
    expect(look("absent", "absent", "absent", outside, [])).toMatchObject({
      "webrtc-udp": "fail DOCTOR_ADDRESS_WRONG",
    });
  });
});
