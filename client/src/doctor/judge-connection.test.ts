import { describe, expect, it } from "vitest";
import type { Check } from "./check.ts";
import {
  judgeArrivals,
  judgeClock,
  judgePageAddress,
  judgePolling,
  judgeSecurity,
  judgeServer,
  judgeWebSocket,
} from "./judge-connection.ts";
import { parseFacts, type ServerFacts } from "./server-facts.ts";

const beats = { count: 10, everyMs: 250 };

function brief({ status, code }: Check): string {
  return `${status} ${code}`;
}

function facts(change: Partial<ServerFacts>): ServerFacts {
  return {
    wallMs: 0,
    network: "public",
    base: "https://gw.example",
    proxy: "none",
    access: "OK",
    beats,
    iceServers: [],
    ...change,
  };
}

describe("timed answers", () => {
  const even = Array.from({ length: 10 }, (_, beat) => 80 + beat * 250);
  const look = (atMs: readonly number[], ended = true): string =>
    brief(judgeArrivals("events", { atMs, ended }, beats));

  it("that come as they are written are well, also with some jitter", () => {
    expect(look(even)).toBe("ok OK");
    expect(look([700, 720, 740, 1400, 1420, 1430, 2100, 2110, 2400, 2700])).toBe("ok OK");
  });

  it("that come late and together were held", () => {
    expect(look(Array.from({ length: 10 }, () => 2600))).toBe("fail DOCTOR_PROXY_BUFFERS");
    expect(look([2600])).toBe("fail DOCTOR_PROXY_BUFFERS");
    expect(look([80, 81, 82, 2600, 2601])).toBe("fail DOCTOR_PROXY_BUFFERS");
  });

  it("that begin late but come piece by piece are well", () => {
    expect(look(even.map((at) => at + 3000))).toBe("ok OK");
  });

  it("are held from six tenths of their time on", () => {
    expect(look([1349, 1350])).toBe("ok OK");
    expect(look([1350, 1351])).toBe("fail DOCTOR_PROXY_BUFFERS");
  });

  it("that do not come are blocked, each kind with its code", () => {
    expect(look([], false)).toBe("fail DOCTOR_EVENTS_BLOCKED");
    expect(look([80, 330], false)).toBe("fail DOCTOR_EVENTS_BLOCKED");
    expect(brief(judgeArrivals("proxy-buffering", { atMs: [], ended: false }, beats))).toBe(
      "fail DOCTOR_STREAMS_BLOCKED",
    );
  });
});

describe("page address", () => {
  const look = (page: string, change: Partial<ServerFacts>): string =>
    brief(judgePageAddress(page, facts(change)));

  it.each([
    ["https://gw.example/", "https://gw.example"],
    ["https://gw.example:8443/tv/", "https://gw.example:8443/tv"],
    ["http://[::1]:8080/", "http://[::1]:8080"],
    ["https://gw.example/", "https://gw.example:443"],
  ])("%s and %s are the same", (page, base) => {
    expect(look(page, { base })).toBe("ok OK");
  });

  it("https that the server takes for http", () => {
    expect(look("https://gw.example/", { base: "http://gw.example" })).toBe(
      "warn DOCTOR_MIXED_CONTENT",
    );
    expect(look("https://gw.example:8443/", { base: "http://gw.example:8443" })).toBe(
      "warn DOCTOR_MIXED_CONTENT",
    );
  });

  it("a proxy that asks by another name", () => {
    expect(look("https://gw.example/", { base: "http://127.0.0.1:8080" })).toBe(
      "warn DOCTOR_PROXY_HOST",
    );
    expect(look("https://gw.example/", { base: "" })).toBe("warn DOCTOR_PROXY_HOST");
  });

  it("a proxy that nobody declared is the fault behind the others", () => {
    expect(look("https://gw.example/", { base: "http://127.0.0.1", proxy: "unknown" })).toBe(
      "warn DOCTOR_PROXY_UNTRUSTED",
    );
  });
});

describe("clock", () => {
  const look = (offsetMs: number, tripMs = 40): string =>
    brief(
      judgeClock([
        { sentMs: 1000, receivedMs: 1000 + tripMs, serverMs: 1000 + tripMs / 2 + offsetMs },
      ]),
    );

  it("may be off by half a minute either way", () => {
    expect([look(30_000), look(-30_000)]).toEqual(["ok OK", "ok OK"]);
    expect([look(30_001), look(-30_001)]).toEqual([
      "warn DOCTOR_CLOCK_SKEW",
      "warn DOCTOR_CLOCK_SKEW",
    ]);
  });

  it("is told by the quickest exchange, and which of the two is behind", () => {
    const slow = { sentMs: 0, receivedMs: 9000, serverMs: 90_000 };
    const quick = { sentMs: 10_000, receivedMs: 10_010, serverMs: 130_005 };
    const check = judgeClock([slow, quick]);
    expect(check.message).toBe("This device's clock is 120 s behind the server's.");
    expect(check.details).toEqual({ offsetMs: 120_000, roundTripMs: 10 });
    expect(brief(judgeClock([]))).toBe("skipped DOCTOR_NOT_KNOWN");
  });
});

it("signaling, server and security have a code each", () => {
  const blocked = { passed: false, tookMs: 5, at: "open" };
  const passed = { passed: true, tookMs: 5, at: "join" };
  expect([judgeWebSocket(passed), judgePolling(passed), judgeSecurity(true)].map(brief)).toEqual([
    "ok OK",
    "ok OK",
    "ok OK",
  ]);
  expect([judgeWebSocket(blocked), judgePolling(blocked), judgeSecurity(false)].map(brief)).toEqual(
    ["warn DOCTOR_WEBSOCKET_BLOCKED", "fail DOCTOR_POLLING_BLOCKED", "warn DOCTOR_TLS_MISSING"],
  );
  expect(brief(judgeServer(undefined, 1, "gw.example"))).toBe("fail DOCTOR_HTTP_UNREACHABLE");
  expect(brief(judgeServer(502, 1, "gw.example"))).toBe("fail DOCTOR_HTTP_FOREIGN");
});

describe("the server's facts", () => {
  it("are read to the last member", () => {
    const whole = facts({
      iceServers: [{ urls: ["turn:192.0.2.1"], username: "u", credential: "c" }],
    });
    expect(parseFacts(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });

  it("are none when they are somebody else's", () => {
    for (const value of [undefined, null, 7, "x", [], {}, { wallMs: "1" }, { wallMs: 1 }]) {
      expect(parseFacts(value)).toBe(undefined);
    }
    const odd = { wallMs: 1, beats, network: "mars", proxy: 3, iceServers: [{ urls: 4 }, null] };
    expect(parseFacts(odd)).toMatchObject({ network: "unknown", proxy: "none", iceServers: [] });
  });
});
