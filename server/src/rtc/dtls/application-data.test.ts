import { describe, expect, test } from "vitest";
import { MAX_INBOX_RECORDS } from "./data-inbox.ts";
import { MAX_DATAGRAM_BYTES } from "./outbox.ts";
import { ContentType } from "./record.ts";
import { type DtlsServer, MAX_DATA_BYTES, MAX_WAITING_DATAGRAMS } from "./server.ts";
import type { TestDtlsClient } from "./test-client.ts";
import { runHandshake } from "./test-link.ts";
import { connectedPair, pair } from "./test-pair.ts";

function drain(server: DtlsServer, client: TestDtlsClient): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  for (let next = server.shiftOutput(); next !== undefined; next = server.shiftOutput()) {
    datagrams.push(next);
    client.receive(next, 0);
  }
  return datagrams;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** What decrypts is a Buffer. */
const plain = (data: Uint8Array | undefined): Uint8Array | undefined =>
  data && Uint8Array.from(data);

describe("application data to the client", () => {
  test("is one datagram for each call, in order", () => {
    const { client, server } = connectedPair();
    server.sendData(bytes(1, 2));
    server.sendData(bytes(3));
    expect(drain(server, client)).toHaveLength(2);
    expect(client.data.map(plain)).toEqual([bytes(1, 2), bytes(3)]);
  });

  test("may be rewritten by the caller at once", () => {
    const { client, server } = connectedPair();
    const buffer = bytes(7, 7);
    server.sendData(buffer);
    buffer.fill(0);
    drain(server, client);
    expect(client.data.map(plain)).toEqual([bytes(7, 7)]);
  });

  test("of the greatest length fills a datagram; one byte more is refused", () => {
    const { client, server } = connectedPair();
    server.sendData(new Uint8Array(MAX_DATA_BYTES).fill(9));
    expect(drain(server, client).map((datagram) => datagram.length)).toEqual([MAX_DATAGRAM_BYTES]);
    expect(client.data[0]).toHaveLength(MAX_DATA_BYTES);
    expect(() => server.sendData(new Uint8Array(MAX_DATA_BYTES + 1))).toThrow(RangeError);
    expect(server.state).toBe("connected");
  });

  test("is not sent before the handshake is complete, nor after the end", () => {
    const { client, server } = pair();
    server.sendData(bytes(1));
    expect(server.shiftOutput()).toBeUndefined();
    runHandshake(client, server);
    expect(client.data).toHaveLength(0);
    server.close();
    while (server.shiftOutput() !== undefined);
    server.sendData(bytes(2));
    expect(server.shiftOutput()).toBeUndefined();
  });

  test("that nobody takes is dropped beyond the limit and counted", () => {
    const { client, server } = connectedPair();
    for (let i = 0; i < MAX_WAITING_DATAGRAMS; i++) server.sendData(bytes(i));
    expect(server.dataDropped).toBe(0);
    server.sendData(bytes(1));
    expect(server.dataDropped).toBe(1);
    expect(drain(server, client)).toHaveLength(MAX_WAITING_DATAGRAMS);
    server.sendData(bytes(1));
    expect(server.dataDropped).toBe(1);
  });
});

describe("application data of the client", () => {
  test("comes out in order of arrival, copied", () => {
    const { client, server } = connectedPair();
    const records = [1, 2, 3].map((value) =>
      client.sealed(ContentType.applicationData, bytes(value)),
    );
    for (const index of [1, 0, 2]) {
      server.receive(records[index] ?? bytes(), 0);
      records[index]?.fill(0);
    }
    expect([server.shiftData(), server.shiftData(), server.shiftData()].map(plain)).toEqual([
      bytes(2),
      bytes(1),
      bytes(3),
    ]);
    expect(server.shiftData()).toBeUndefined();
  });

  test("of several records of one datagram comes out apart", () => {
    const { client, server } = connectedPair();
    const records = [1, 2].map((value) => client.sealed(ContentType.applicationData, bytes(value)));
    server.receive(Buffer.concat(records), 0);
    expect(plain(server.shiftData())).toEqual(bytes(1));
    expect(plain(server.shiftData())).toEqual(bytes(2));
  });

  test("comes once, however often its record comes", () => {
    const { client, server } = connectedPair();
    const record = client.sealed(ContentType.applicationData, bytes(5));
    for (let i = 0; i < 4; i++) server.receive(record, i);
    expect(server.shiftData()).toBeDefined();
    server.receive(record, 9);
    expect(server.shiftData()).toBeUndefined();
  });

  test("with a wrong bit anywhere never comes", () => {
    const { client, server } = connectedPair();
    const record = client.sealed(ContentType.applicationData, bytes(5, 6));
    for (let bit = 0; bit < record.length * 8; bit++) {
      const changed = Uint8Array.from(record);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      server.receive(changed, 0);
    }
    expect(server.shiftData()).toBeUndefined();
    server.receive(record, 0);
    expect(plain(server.shiftData())).toEqual(bytes(5, 6));
  });

  test("means nothing before the client's Finished", () => {
    const { client, server } = pair({ scatter: true });
    let nowUs = 0;
    client.start(nowUs);
    const pump = (to: (datagram: Uint8Array) => void, from: () => Uint8Array | undefined): void => {
      for (let next = from(); next !== undefined; next = from()) to(next);
    };
    while (server.state !== "connected" && nowUs < 10) {
      const held: Uint8Array[] = [];
      pump(
        (datagram) => held.push(datagram),
        () => client.shiftOutput(),
      );
      for (const datagram of held) {
        try {
          server.receive(client.sealed(ContentType.applicationData, bytes(66)), nowUs);
        } catch {
          // No keys yet.
        }
        server.receive(datagram, nowUs);
      }
      pump(
        (datagram) => client.receive(datagram, nowUs),
        () => server.shiftOutput(),
      );
      nowUs++;
    }
    expect(server.state).toBe("connected");
    expect(server.shiftData()).toBeUndefined();
    server.receive(client.sealed(ContentType.applicationData, bytes(1)), nowUs);
    expect(plain(server.shiftData())).toEqual(bytes(1));
  });

  test("that nobody takes is dropped beyond the limit and counted", () => {
    const { client, server } = connectedPair();
    for (let i = 0; i <= MAX_INBOX_RECORDS; i++) {
      server.receive(client.sealed(ContentType.applicationData, bytes(i)), 0);
    }
    expect(server.dataDropped).toBe(1);
    expect(plain(server.shiftData())).toEqual(bytes(0));
  });

  test("that came before its goodbye can still be taken; our own close drops it", () => {
    const first = connectedPair();
    const goodbye = (client: TestDtlsClient): Uint8Array =>
      client.sealed(ContentType.alert, bytes(1, 0));
    first.server.receive(first.client.sealed(ContentType.applicationData, bytes(1)), 0);
    first.server.receive(goodbye(first.client), 0);
    expect(first.server.state).toBe("closed");
    expect(plain(first.server.shiftData())).toEqual(bytes(1));
    const second = connectedPair();
    second.server.receive(second.client.sealed(ContentType.applicationData, bytes(1)), 0);
    second.server.close();
    expect(second.server.shiftData()).toBeUndefined();
  });
});
