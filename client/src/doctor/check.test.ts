import { describe, expect, it } from "vitest";
import { addressKind } from "./address-kind.ts";
import { onlyBy, placesOf, placeText } from "./answer.ts";
import { type Check, found, ok, summaryOf, thingsToDo, timed } from "./check.ts";
import { ticketFileName, writeTicket } from "./ticket.ts";

const held = found("fail", "events", {
  code: "DOCTOR_PROXY_BUFFERS",
  message: "held",
  fix: "open",
});
const slow = found("warn", "webrtc-udp", { code: "DOCTOR_MEDIA_UDP_BLOCKED", message: "no" });
const away = found("skipped", "turn", { code: "DOCTOR_NO_TURN", message: "none" });

describe("checks", () => {
  it("are summed up in one line", () => {
    expect(summaryOf([ok("http", "fine"), away])).toBe("Everything is well.");
    expect(summaryOf([held, slow, away])).toBe("1 fault, 1 warning.");
    expect(summaryOf([held, held, slow])).toBe("1 fault, 1 warning.");
    const others = [held, slow].map((check) => ({ ...check, code: "DOCTOR_OTHER" }));
    expect(summaryOf([held, slow, ...others])).toBe("2 faults, 1 warning.");
  });

  it("name each thing to do once, faults first", () => {
    const again = { ...held, id: "proxy-buffering" } as Check;
    expect(thingsToDo([slow, held, again, away]).map(({ id }) => id)).toEqual([
      "events",
      "webrtc-udp",
    ]);
  });
});

describe("the report", () => {
  const place = {
    address: "https://gw.example/tv/doctor?stream=live/cam&token=TOP-SECRET#x",
    userAgent: "Browser/1",
    languages: ["en"],
    startedMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678),
    tookMs: 6543.2,
    online: true,
    network: "4g",
  };

  it("has everything but what is secret", () => {
    const ticket = writeTicket(place, [timed(held, 2534.7), slow]);
    expect(JSON.stringify(ticket)).not.toContain("SECRET");
    expect(ticket).toEqual({
      kind: "millrace-doctor-page",
      format: 1,
      page: "https://gw.example/tv/doctor",
      stream: "live/cam",
      userAgent: "Browser/1",
      languages: ["en"],
      online: true,
      network: "4g",
      startedAt: "2030-01-02T03:04:05.678Z",
      tookMs: 6543,
      summary: "1 fault, 1 warning.",
      checks: [{ ...held, tookMs: 2535 }, slow],
    });
    expect(ticketFileName(ticket)).toBe("millrace-doctor-2030-01-02T03-04-05Z.json");
  });
});

describe("an answer", () => {
  const answer = [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
    "a=candidate:2 1 udp 2130706175 2001:db8::1 8189 typ host",
    "a=candidate:3 1 tcp 1518280447 192.0.2.1 8189 typ host tcptype passive",
    "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
    "a=end-of-candidates",
    "",
  ].join("\r\n");

  it("names each place once", () => {
    expect(placesOf(answer).map(placeText)).toEqual([
      "192.0.2.1:8189/udp",
      "[2001:db8::1]:8189/udp",
      "192.0.2.1:8189/tcp",
    ]);
  });

  it("loses the candidates of the other transport and nothing else", () => {
    expect(placesOf(onlyBy("tcp", answer)).map(placeText)).toEqual(["192.0.2.1:8189/tcp"]);
    expect(placesOf(onlyBy("udp", answer))).toHaveLength(2);
    const rest = (sdp: string): string => sdp.replaceAll(/^a=candidate.*\r\n/gm, "");
    expect(rest(onlyBy("udp", answer))).toBe(rest(answer));
  });
});

it.each([
  ["localhost", "loopback"],
  ["127.9.9.9", "loopback"],
  ["[::1]", "loopback"],
  ["10.0.0.1", "private"],
  ["172.15.0.1", "public"],
  ["172.16.0.1", "private"],
  ["172.31.0.1", "private"],
  ["172.32.0.1", "public"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["169.254.1.1", "private"],
  ["fd00::1", "private"],
  ["[fe80::1]", "private"],
  ["2001:db8::1", "public"],
  ["203.0.113.1", "public"],
  ["gw.example", "name"],
  ["1.2.3", "name"],
  ["1.2.3.400", "name"],
] as const)("%s is %s", (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});
