import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { HandshakeType, writeHandshake } from "./handshake.ts";
import { ContentType, writePlainRecord } from "./record.ts";
import { TestDtlsClient } from "./test-client.ts";
import { asItIs, runAltered, runHandshake } from "./test-link.ts";
import { connectedPair, pair, serverFor, theirs } from "./test-pair.ts";

vi.setConfig({ testTimeout: 30_000 });

describe("after the handshake", () => {
  const hello = (): Uint8Array => {
    const stranger = new TestDtlsClient({ der: theirs.der, privateKey: theirs.privateKey });
    stranger.start(0);
    return stranger.shiftOutput() ?? new Uint8Array();
  };

  test("a ClientHello changes nothing and is not answered", () => {
    const { client, server } = connectedPair();
    const keys = server.srtpKeys;
    server.receive(hello(), 1_000_000);
    expect(server.shiftOutput()).toBeUndefined();
    expect(server.state).toBe("connected");
    expect(server.srtpKeys).toBe(keys);
    const before = server.authenticRecords;
    server.receive(client.sealed(ContentType.applicationData, Uint8Array.of(1)), 1_000_000);
    expect(server.authenticRecords).toBe(before + 1);
  });

  test("a ClientHello of another client in the middle of a handshake changes nothing either", () => {
    const { client, server } = pair();
    runAltered(client, server, (bytes, toServer) =>
      toServer ? [{ bytes: hello(), lateUs: 5_000 }, ...asItIs(bytes)] : asItIs(bytes),
    );
    expect(server.state).toBe("connected");
    expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
  });

  test("a fatal alert in the clear changes nothing", () => {
    const { server } = connectedPair();
    server.receive(writePlainRecord(ContentType.alert, 9, Uint8Array.of(2, 40)), 0);
    expect(server.state).toBe("connected");
  });

  test("a record counts once, however often it comes", () => {
    const { client, server } = connectedPair();
    const before = server.authenticRecords;
    const record = client.sealed(ContentType.applicationData, Uint8Array.of(1, 2, 3));
    for (let i = 0; i < 5; i++) server.receive(record, 0);
    expect(server.authenticRecords).toBe(before + 1);
  });

  test("a record with one wrong bit anywhere does not count", () => {
    const { client, server } = connectedPair();
    const before = server.authenticRecords;
    const record = client.sealed(ContentType.applicationData, Uint8Array.of(1, 2, 3));
    for (let bit = 0; bit < record.length * 8; bit++) {
      const changed = Uint8Array.from(record);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      server.receive(changed, 0);
    }
    expect(server.authenticRecords).toBe(before);
    expect(server.state).toBe("connected");
    server.receive(record, 0);
    expect(server.authenticRecords).toBe(before + 1);
  });

  test("a repeated Finished brings our last flight again, not more often than every 20 ms", () => {
    const { client, server } = connectedPair();
    const again = (): Uint8Array => {
      const finished = writeHandshake(HandshakeType.finished, 4, new Uint8Array(12));
      return client.sealed(ContentType.handshake, finished);
    };
    server.receive(again(), 1_000_000);
    expect(server.shiftOutput()).toBeDefined();
    server.receive(again(), 1_010_000);
    expect(server.shiftOutput()).toBeUndefined();
    server.receive(again(), 1_030_000);
    expect(server.shiftOutput()).toBeDefined();
  });

  test("a Finished repeated under its old record number brings it again too, and proves no life", () => {
    const { client, server } = connectedPair();
    const finished = writeHandshake(HandshakeType.finished, 4, new Uint8Array(12));
    const record = client.sealed(ContentType.handshake, finished);
    server.receive(record, 1_000_000);
    expect(server.shiftOutput()).toBeDefined();
    const before = server.authenticRecords;
    server.receive(record, 2_000_000);
    expect(server.shiftOutput()).toBeDefined();
    expect(server.authenticRecords).toBe(before);
  });

  test("close_notify of the client ends it and is answered", () => {
    const { client, server } = connectedPair();
    server.receive(client.sealed(ContentType.alert, Uint8Array.of(1, 0)), 0);
    expect(server.state).toBe("closed");
    expect(server.reason).toBe("PEER_CLOSED");
    client.receive(server.shiftOutput() ?? new Uint8Array(), 0);
    expect(client.alerts).toEqual([[1, 0]]);
  });

  test("a fatal alert of the client ends it", () => {
    const { client, server } = connectedPair();
    server.receive(client.sealed(ContentType.alert, Uint8Array.of(2, 80)), 0);
    expect(server.reason).toBe("DTLS_ALERT");
  });

  test("closing tells the client, once", () => {
    const { client, server } = connectedPair();
    server.close();
    server.close();
    client.receive(server.shiftOutput() ?? new Uint8Array(), 0);
    expect(client.alerts).toEqual([[1, 0]]);
    expect(server.shiftOutput()).toBeUndefined();
  });
});

describe("whatever comes", () => {
  test("arbitrary bytes neither throw nor connect", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (datagrams) => {
        const server = serverFor(theirs.der);
        for (const datagram of datagrams) server.receive(datagram, 0);
        expect(server.state).not.toBe("connected");
      }),
    );
  });

  test("a handshake with bytes changed on the way neither throws nor gives different keys", () => {
    fc.assert(
      fc.property(
        fc.nat(1 << 20),
        fc.nat(15),
        fc.integer({ min: 1, max: 255 }),
        (at, which, xor) => {
          const { client, server } = pair({ scatter: true });
          let count = 0;
          client.start(0);
          for (let round = 0; round < 4; round++) {
            for (let d = client.shiftOutput(); d !== undefined; d = client.shiftOutput()) {
              const changed = Uint8Array.from(d);
              if (count++ === which) {
                changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ xor;
              }
              server.receive(changed, round * 100_000);
            }
            for (let d = server.shiftOutput(); d !== undefined; d = server.shiftOutput()) {
              client.receive(d, round * 100_000);
            }
          }
          if (server.state === "connected") {
            expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a message that claims 16 MB keeps no memory", () => {
    const server = serverFor(theirs.der);
    const head = Uint8Array.of(1, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    server.receive(writePlainRecord(ContentType.handshake, 0, head), 0);
    expect(server.state).toBe("idle");
  });

  test("a plain message in the place of Finished does not end the handshake", () => {
    const { client, server } = pair();
    const junk = writePlainRecord(
      ContentType.handshake,
      77,
      writeHandshake(HandshakeType.certificateVerify, 4, new Uint8Array(12)),
    );
    server.receive(junk, 0);
    runHandshake(client, server);
    expect(server.state).toBe("connected");
  });
});
