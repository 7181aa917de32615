import type { TurnAddress } from "@millrace/turn";
import { describe, expect, it } from "vitest";
import { turnUrls } from "./urls.ts";

const all: readonly TurnAddress[] = [
  { protocol: "udp", host: "0.0.0.0", port: 3478 },
  { protocol: "udp", host: "::", port: 3478 },
  { protocol: "tcp", host: "0.0.0.0", port: 3479 },
  { protocol: "tcp", host: "::", port: 3479 },
  { protocol: "tls", host: "0.0.0.0", port: 5349 },
  { protocol: "tls", host: "::", port: 5349 },
];

describe("turnUrls", () => {
  it("names UDP, then TCP, then TLS, with IPv6 in brackets", () => {
    const plain = ["203.0.113.7", "2001:db8::1"];
    expect(turnUrls(all, { plain, tls: ["turn.example"] })).toEqual([
      "turn:203.0.113.7:3478?transport=udp",
      "turn:[2001:db8::1]:3478?transport=udp",
      "turn:203.0.113.7:3479?transport=tcp",
      "turn:[2001:db8::1]:3479?transport=tcp",
      "turns:turn.example:5349?transport=tcp",
    ]);
  });

  it("leaves out what does not listen, and families in which nothing listens", () => {
    const four = all.filter(({ host }) => host === "0.0.0.0");
    const plain = ["203.0.113.7", "2001:db8::1"];
    expect(turnUrls(four.slice(0, 1), { plain, tls: plain })).toEqual([
      "turn:203.0.113.7:3478?transport=udp",
    ]);
    expect(turnUrls([], { plain, tls: plain })).toEqual([]);
  });

  it("takes names for all families, and listeners that name none", () => {
    const anywhere: readonly TurnAddress[] = [{ protocol: "udp", host: "*", port: 1 }];
    expect(turnUrls(anywhere, { plain: ["2001:db8::1", "turn.example"], tls: [] })).toEqual([
      "turn:[2001:db8::1]:1?transport=udp",
      "turn:turn.example:1?transport=udp",
    ]);
  });
});
