import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadNative } from "../native/native-module.ts";
import type { SocketAddress } from "../stun/index.ts";
import { attributes, codeOf, type TestClient } from "./test-client.ts";
import type { TestPeer } from "./test-peer.ts";
import { TestRelay } from "./test-relay.ts";
import type { DataPath, TurnOptions } from "./turn-options.ts";

let relay: TestRelay;
let client: TestClient;
let peer: TestPeer;
let relayed: SocketAddress;

let dataPath: DataPath = "node";

async function start(change: Partial<TurnOptions> = {}): Promise<void> {
  relay = await TestRelay.start({ dataPath, ...change });
  client = await relay.client();
  peer = await relay.peer();
  relayed = await client.relayed();
}

/** Resolves when the relay has worked off what the client sent before. */
async function settled(): Promise<void> {
  await client.request(1, [], { signed: false });
}

afterEach(() => relay.close());

const dataPaths: readonly DataPath[] = loadNative() === undefined ? ["node"] : ["node", "native"];

describe.each(dataPaths)("%s", (path) => {
  beforeEach(() => {
    dataPath = path;
  });

  describe("packets", () => {
    beforeEach(() => start());

    it("go both ways as indications with a permission", async () => {
      expect(await client.permit(peer.address)).toBe(0);
      for (const length of [0, 1, 2, 3, 4, 5, 1_200]) {
        const data = randomBytes(length);
        client.send(peer.address, data);
        const arrived = await peer.received.next();
        expect(arrived.data).toEqual(data);
        expect(arrived.port).toBe(relayed.port);
        await peer.send(data, relayed);
        expect(await client.data()).toEqual({ peer: peer.address, data });
      }
    });

    it("go both ways on a channel, with padding or without", async () => {
      expect(await client.bind(0x4000, peer.address)).toBe(0);
      for (const length of [0, 1, 2, 3, 4, 5, 1_200]) {
        const data = randomBytes(length);
        client.sendChannel(0x4000, data);
        expect((await peer.received.next()).data).toEqual(data);
        await peer.send(data, relayed);
        expect(await client.channelData.next()).toEqual({ channel: 0x4000, data });
      }
      client.write(Buffer.from("4000000361626300", "hex"));
      expect((await peer.received.next()).data.toString()).toBe("abc");
    });

    it("from a peer are untouched when they look like ChannelData or STUN", async () => {
      const looks = ["4001000464617461", "40000003616263", "000100002112a442", "7fff", "40", ""];
      expect(await client.permit(peer.address)).toBe(0);
      for (const hex of looks) {
        await peer.send(Buffer.from(hex, "hex"), relayed);
        expect((await client.data()).data.toString("hex")).toBe(hex);
      }
      expect(await client.bind(0x4001, peer.address)).toBe(0);
      for (const hex of looks) {
        await peer.send(Buffer.from(hex, "hex"), relayed);
        expect((await client.channelData.next()).data.toString("hex")).toBe(hex);
      }
    });

    it("of 0 to 3 bytes harm nothing, from either side", async () => {
      const listener = relay.at("udp");
      const short = ["", "00", "40", "7f", "ff", "4000", "7fff", "400000", "4fff12", "000100"];
      for (const hex of short) {
        const bytes = Buffer.from(hex, "hex");
        client.write(bytes);
        await peer.send(bytes, { address: listener.host, port: listener.port });
        await peer.send(bytes, relayed);
      }
      await client.permit(peer.address);
      for (const hex of short) client.send(relayed, Buffer.from(hex, "hex"));
      await client.permit(relayed);
      for (const hex of short) {
        client.send(relayed, Buffer.from(hex, "hex"));
        expect((await client.data()).data.toString("hex")).toBe(hex);
      }
      expect(codeOf(await client.refresh(600))).toBe(0);
    });

    it("without a permission are dropped and counted", async () => {
      client.send(peer.address, Buffer.from("no"));
      await peer.send(Buffer.from("no"), relayed);
      await expect.poll(() => relay.server.stats().drops.permission).toBe(2);
      expect(await client.permit(peer.address)).toBe(0);
      await peer.send(Buffer.from("yes"), relayed);
      expect((await client.data()).data.toString()).toBe("yes");
      expect(peer.received.size).toBe(0);
    });

    it("on channels that are not bound or with a wrong length are dropped and counted", async () => {
      await client.bind(0x4000, peer.address);
      client.sendChannel(0x4001, Buffer.from("no"));
      client.write(Buffer.from("400000056162", "hex"));
      client.write(Buffer.from("4000", "hex"));
      await settled();
      expect(relay.server.stats().drops.channel).toBe(3);
      client.sendChannel(0x4000, Buffer.from("yes"));
      expect((await peer.received.next()).data.toString()).toBe("yes");
    });

    it("need the permission of the peer's address, for every port of it", async () => {
      const second = await relay.peer();
      await client.permit({ ...peer.address, port: 0 });
      client.send(second.address, Buffer.from("hi"));
      expect((await second.received.next()).data.toString()).toBe("hi");
      await second.send(Buffer.from("ho"), relayed);
      expect((await client.data()).peer).toEqual(second.address);
    });

    it("stop when the permission ends after 300 s and go on when it is renewed", async () => {
      await client.permit(peer.address);
      relay.clock.advance(299_000);
      await peer.send(Buffer.from("1"), relayed);
      expect((await client.data()).data.toString()).toBe("1");
      relay.clock.advance(1_000);
      await peer.send(Buffer.from("2"), relayed);
      await expect.poll(() => relay.server.stats().drops.permission).toBe(1);
      expect(relay.server.stats().permissions).toBe(0);
      await client.permit(peer.address);
      await peer.send(Buffer.from("3"), relayed);
      expect((await client.data()).data.toString()).toBe("3");
    });

    it("leave a channel after 600 s for another peer", async () => {
      await client.refresh(3_600);
      const second = await relay.peer();
      await client.bind(0x4000, peer.address);
      expect(await client.bind(0x4000, second.address)).toBe(400);
      relay.clock.advance(600_000);
      expect(relay.server.stats().channels).toBe(0);
      client.sendChannel(0x4000, Buffer.from("no"));
      expect(await client.bind(0x4000, second.address)).toBe(0);
      client.sendChannel(0x4000, Buffer.from("yes"));
      expect((await second.received.next()).data.toString()).toBe("yes");
      expect(peer.received.size).toBe(0);
    });

    it("between two clients of the relay go without a socket, by their relayed addresses", async () => {
      const other = await relay.client();
      const otherRelayed = await other.relayed();
      expect(await client.bind(0x4000, otherRelayed)).toBe(0);
      expect(await other.permit(relayed)).toBe(0);
      client.sendChannel(0x4000, Buffer.from("ping"));
      expect(await other.data()).toEqual({ peer: relayed, data: Buffer.from("ping") });
      other.send(relayed, Buffer.from("pong"));
      expect((await client.channelData.next()).data.toString()).toBe("pong");
      await other.refresh(0);
      client.sendChannel(0x4000, Buffer.from("gone"));
      await settled();
      expect(relay.server.stats().drops.policy).toBe(1);
    });

    it("of 65,000 bytes pass or are lost, and harm nothing", async () => {
      await client.bind(0x4000, peer.address);
      client.sendChannel(0x4000, randomBytes(65_000));
      expect((await peer.received.next()).data).toHaveLength(65_000);
      await peer.send(randomBytes(65_507), relayed);
      await peer.send(Buffer.from("small"), relayed);
      expect(
        (await client.channelData.next(({ data }) => data.length < 65_507)).data.toString(),
      ).toBe("small");
    });

    it("to a port where nobody listens harm nothing", async () => {
      const gone: SocketAddress = { family: 4, address: "127.0.0.1", port: 1 };
      await client.bind(0x4000, gone);
      await client.bind(0x4001, peer.address);
      for (let count = 0; count < 20; count++) client.sendChannel(0x4000, Buffer.from("x"));
      client.sendChannel(0x4001, Buffer.from("y"));
      expect((await peer.received.next()).data.toString()).toBe("y");
      expect(codeOf(await client.refresh(600))).toBe(0);
    });

    it("to port 0 are refused as a channel and dropped as an indication", async () => {
      const nowhere = { ...peer.address, port: 0 };
      expect(await client.bind(0x4000, nowhere)).toBe(400);
      await client.permit(peer.address);
      client.send(nowhere, Buffer.from("x"));
      await settled();
      expect(relay.server.stats().drops.policy).toBe(1);
    });

    it("keep their order", async () => {
      await client.bind(0x4000, peer.address);
      await client.permit(peer.address);
      for (let batch = 0; batch < 20; batch++) {
        for (let count = 0; count < 50; count++)
          await peer.send(Buffer.from([batch, count]), relayed);
        for (let count = 0; count < 50; count++) {
          expect([...(await client.channelData.next()).data]).toEqual([batch, count]);
        }
      }
    });

    it("are counted as payload bytes of the allocation and of the relay", async () => {
      const released = new Promise((resolve) => relay.server.on("released", resolve));
      await client.bind(0x4000, peer.address);
      client.sendChannel(0x4000, randomBytes(100));
      await peer.received.next();
      await peer.send(randomBytes(40), relayed);
      await client.channelData.next();
      expect(relay.server.stats()).toMatchObject({ bytesIn: 100, bytesOut: 40 });
      await client.refresh(0);
      expect(await released).toMatchObject({
        user: "user",
        client: `127.0.0.1:${client.localPort}`,
        protocol: "udp",
        relayed: `127.0.0.1:${relayed.port}`,
        bytesIn: 100,
        bytesOut: 40,
        packetsIn: 1,
        packetsOut: 1,
        dropped: 0,
        reason: "refresh",
      });
      expect(relay.server.stats()).toMatchObject({ bytesIn: 100, bytesOut: 40, packetsIn: 1 });
    });
  });

  describe("limits", () => {
    it("drop what is more than the bytes per second of an allocation, each way", async () => {
      // Native code has its own clock; its test is beside it.
      await start({ dataPath: "node", limits: { maxBytesPerSecond: 10_000, burstSeconds: 1 } });
      await client.bind(0x4000, peer.address);
      for (let count = 0; count < 15; count++) client.sendChannel(0x4000, randomBytes(1_000));
      await settled();
      for (let count = 0; count < 15; count++) await peer.send(randomBytes(1_000), relayed);
      await expect.poll(() => relay.server.stats().drops.bandwidth).toBe(10);
      expect(relay.server.stats()).toMatchObject({ packetsIn: 10, packetsOut: 10 });
      relay.clock.advance(500);
      for (let count = 0; count < 6; count++) client.sendChannel(0x4000, randomBytes(1_000));
      await settled();
      expect(relay.server.stats()).toMatchObject({ packetsIn: 15 });
    });

    it("of permissions and channels are answered with 508", async () => {
      await start({ limits: { maxPermissions: 2, maxChannels: 2 }, allowPeers: ["127.0.0.0/8"] });
      const at = (last: number): SocketAddress => ({
        family: 4,
        address: `127.0.0.${last}`,
        port: 9,
      });
      expect(await client.permit(at(1), at(2), at(3))).toBe(508);
      expect(await client.permit(at(1), at(2))).toBe(0);
      expect(await client.permit(at(3))).toBe(508);
      expect(await client.bind(0x4000, at(3))).toBe(508);
      expect(await client.bind(0x4000, at(1))).toBe(0);
      expect(await client.bind(0x4001, at(2))).toBe(0);
      expect(await client.bind(0x4002, { ...at(2), port: 10 })).toBe(508);
      expect(relay.server.stats()).toMatchObject({ permissions: 2, channels: 2 });
    });
  });

  describe("ChannelBind", () => {
    beforeEach(() => start());

    it.each([
      [0x3fff, 400],
      [0x4000, 0],
      [0x4fff, 0],
      [0x7ffe, 0],
      [0x7fff, 400],
      [0x8000, 400],
      [0xffff, 400],
    ])("takes channel %i with %i", async (channel, code) => {
      expect(await client.bind(channel, peer.address)).toBe(code);
    });

    it("keeps channel and peer together until the channel ends, and may be repeated", async () => {
      const second = await relay.peer();
      expect(await client.bind(0x4000, peer.address)).toBe(0);
      expect(await client.bind(0x4000, peer.address)).toBe(0);
      expect(await client.bind(0x4000, second.address)).toBe(400);
      expect(await client.bind(0x4001, peer.address)).toBe(400);
      expect(await client.bind(0x4001, second.address)).toBe(0);
    });

    it("refuses what is incomplete or malformed", async () => {
      const number = [attributes.channelNumber, Buffer.from([0x40, 0, 0, 0])] as const;
      const cut = [attributes.xorPeerAddress, Buffer.from([0, 1, 0])] as const;
      const noFamily = [attributes.xorPeerAddress, Buffer.alloc(8)] as const;
      for (const list of [[], [number], [number, cut], [number, noFamily], [cut]]) {
        const answer = await client.request(9, list);
        expect(codeOf(answer)).toBe(400);
        expect(client.isSigned(answer)).toBe(true);
      }
      expect(codeOf(await client.request(8, [cut]))).toBe(400);
      expect(codeOf(await client.request(8, []))).toBe(400);
    });

    it("is answered with MESSAGE-INTEGRITY", async () => {
      const { writeAddress } = await import("../stun/index.ts");
      const transactionId = randomBytes(12);
      const answer = await client.request(
        9,
        [
          [attributes.channelNumber, Buffer.from([0x40, 0, 0, 0])],
          [attributes.xorPeerAddress, writeAddress(peer.address, transactionId)],
        ],
        { transactionId, fingerprint: true },
      );
      expect(answer.messageClass).toBe("success");
      expect(client.isSigned(answer)).toBe(true);
      expect(Buffer.from(answer.raw).readUInt16BE(answer.raw.length - 8)).toBe(
        attributes.fingerprint,
      );
    });
  });
});
