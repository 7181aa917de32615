import { describe, expect, it } from "vitest";
import { attributes, readAddress, readStunMessage, type SocketAddress } from "../stun/index.ts";
import { DataHeaders, paddingOf, writeChannelHeader } from "./data-header.ts";

describe("writeChannelHeader", () => {
  it("writes channel and length", () => {
    expect([...writeChannelHeader(0x4abc, 0x1234)]).toEqual([0x4a, 0xbc, 0x12, 0x34]);
  });
});

describe("DataHeaders", () => {
  const peers: readonly SocketAddress[] = [
    { family: 4, address: "192.0.2.1", port: 32_853 },
    { family: 6, address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32_853 },
  ];
  it.each(peers)(
    "writes Data indications of $address that read back, each with its own id",
    (peer) => {
      const headers = new DataHeaders(peer);
      const ids = new Set<string>();
      for (const length of [0, 1, 2, 3, 4, 5, 1200, 1201]) {
        const payload = Buffer.alloc(length, 7);
        const padding = Buffer.alloc(paddingOf(length));
        const bytes = Buffer.concat([headers.write(length), payload, padding]);
        const message = readStunMessage(bytes);
        expect([message.messageClass, message.method]).toEqual(["indication", 7]);
        const value = message.first(attributes.xorPeerAddress) ?? new Uint8Array();
        expect(readAddress(value, message.transactionId)).toEqual(peer);
        expect(Buffer.from(message.first(attributes.data) ?? [1])).toEqual(payload);
        ids.add(Buffer.from(message.transactionId).toString("hex"));
      }
      expect(ids.size).toBe(8);
    },
  );
});
