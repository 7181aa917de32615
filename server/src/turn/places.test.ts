import { describe, expect, it } from "vitest";
import { type MediaPlace, relayPlaces } from "./places.ts";

const own = ["127.0.0.1", "::1", "fe80::5", "10.0.0.5", "2001:db8::5"];
const everywhere: MediaPlace = {
  host: "*",
  port: 8189,
  announced: ["10.0.0.5", "2001:db8::5"],
  configured: false,
};

/** Pairs as `announced>local`. */
const pairs = ({ media }: ReturnType<typeof relayPlaces>): string[] =>
  media.map(({ announced, local }) => {
    expect(announced.port).toBe(8189);
    expect(local.port).toBe(8189);
    expect(local.family).toBe(announced.family);
    return `${announced.address}>${local.address}`;
  });

describe("relayPlaces", () => {
  it("listens on everything: one relayed address of each family, media where it is announced", () => {
    const places = relayPlaces("*", everywhere, own);
    expect(places.relayHosts).toEqual(["0.0.0.0", "::"]);
    expect(places.announcedIps).toEqual(["10.0.0.5", "2001:db8::5"]);
    expect(pairs(places)).toEqual(["10.0.0.5>10.0.0.5", "2001:db8::5>2001:db8::5"]);
  });

  it("takes a public address of the interfaces before a private one", () => {
    const announced = ["10.0.0.5", "192.168.1.5", "198.51.100.5", "fd00::5", "2001:db8::5"];
    const places = relayPlaces("*", { ...everywhere, announced }, [...own, ...announced]);
    expect(places.announcedIps).toEqual(["198.51.100.5", "2001:db8::5"]);
    expect(pairs(places)).toHaveLength(5);
  });

  it("takes what an operator announces in its order", () => {
    const media = { ...everywhere, announced: ["10.0.0.5", "203.0.113.7"], configured: true };
    expect(relayPlaces("*", media, own)).toMatchObject({
      relayHosts: ["0.0.0.0"],
      announcedIps: ["10.0.0.5"],
    });
  });

  it("goes around NAT: packets to the announced address take loopback", () => {
    const media = { ...everywhere, announced: ["203.0.113.7"], configured: true };
    const places = relayPlaces("*", media, own);
    expect(places).toMatchObject({ relayHosts: ["0.0.0.0"], announcedIps: ["203.0.113.7"] });
    expect(pairs(places)).toEqual(["203.0.113.7>127.0.0.1"]);
  });

  it("has another way for each address behind NAT, so that answers can be told apart", () => {
    const announced = ["203.0.113.7", "203.0.113.8", "203.0.113.9", "10.0.0.5"];
    expect(pairs(relayPlaces("*", { ...everywhere, announced, configured: true }, own))).toEqual([
      "203.0.113.7>127.0.0.1",
      "10.0.0.5>10.0.0.5",
    ]);
    const media = { ...everywhere, announced: announced.slice(0, 3), configured: true };
    expect(pairs(relayPlaces("*", media, own))).toEqual([
      "203.0.113.7>127.0.0.1",
      "203.0.113.8>10.0.0.5",
    ]);
    const six = { ...everywhere, announced: ["2001:db8::7"], configured: true };
    expect(pairs(relayPlaces("*", six, own))).toEqual(["2001:db8::7>::1"]);
  });

  it("sends to where the media is bound", () => {
    const media = { ...everywhere, host: "10.0.0.5", announced: ["10.0.0.5"] };
    expect(pairs(relayPlaces("*", media, own))).toEqual(["10.0.0.5>10.0.0.5"]);
    const behind = { ...media, announced: ["203.0.113.7"], configured: true };
    expect(pairs(relayPlaces("*", behind, own))).toEqual(["203.0.113.7>10.0.0.5"]);
    expect(pairs(relayPlaces("10.0.0.6", behind, own))).toEqual(["203.0.113.7>10.0.0.5"]);
    const four = { ...everywhere, host: "0.0.0.0" };
    expect(pairs(relayPlaces("*", four, own))).toEqual(["10.0.0.5>10.0.0.5"]);
    const both = { ...everywhere, host: "::" };
    expect(pairs(relayPlaces("*", both, own))).toHaveLength(2);
  });

  it("sends from an address to itself when the relay is bound to it: the answer comes from there", () => {
    const places = relayPlaces("10.0.0.5", everywhere, own);
    expect(places).toMatchObject({ relayHosts: ["10.0.0.5"], announcedIps: ["10.0.0.5"] });
    expect(pairs(places)).toEqual(["10.0.0.5>10.0.0.5"]);
    const announced = ["203.0.113.7"];
    const behind = relayPlaces("10.0.0.5", { ...everywhere, announced, configured: true }, own);
    expect(behind).toMatchObject({ relayHosts: ["10.0.0.5"], announcedIps: ["203.0.113.7"] });
    expect(pairs(behind)).toEqual(["203.0.113.7>10.0.0.5"]);
  });

  it("keeps to the family it listens in", () => {
    expect(relayPlaces("::", everywhere, own)).toMatchObject({
      relayHosts: ["::"],
      announcedIps: ["2001:db8::5"],
    });
    expect(relayPlaces("0.0.0.0", everywhere, own).announcedIps).toEqual(["10.0.0.5"]);
    const six = relayPlaces("2001:db8::5", everywhere, own);
    expect(six).toMatchObject({ relayHosts: ["2001:db8::5"], announcedIps: ["2001:db8::5"] });
    expect(pairs(six)).toContain("2001:db8::5>2001:db8::5");
  });

  it("has loopback when the machine has nothing else", () => {
    expect(relayPlaces("*", { ...everywhere, announced: [] }, [])).toEqual({
      relayHosts: ["127.0.0.1"],
      announcedIps: ["127.0.0.1"],
      media: [],
    });
  });
});
