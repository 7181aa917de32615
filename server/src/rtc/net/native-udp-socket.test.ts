import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { builtNative, loadNative, readsUdp } from "../egress/native-module.ts";
import { createCounters } from "./counters.ts";
import type { DatagramReceiver } from "./datagram-socket.ts";
import { type NativeUdp, NativeUdpSocket } from "./native-udp-socket.ts";
import { RemoteNames } from "./remote-names.ts";

const loaded = loadNative();
const native = loaded !== undefined && readsUdp(loaded) ? (loaded as NativeUdp) : undefined;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(receive: DatagramReceiver, host = "127.0.0.1", port = 0) {
  const counters = createCounters();
  const socket = await NativeUdpSocket.open({
    ...{ native: native as NativeUdp, host, port, counters, receive },
    family: host.includes(":") ? 6 : 4,
    recvBufferBytes: 1 << 20,
    sendBufferBytes: 1 << 20,
    error: (error) => {
      throw error;
    },
  });
  closing.push(() => socket.close());
  return { socket, counters };
}

async function openFar(host = "127.0.0.1"): Promise<Socket> {
  const far = createSocket(host.includes(":") ? "udp6" : "udp4");
  far.bind(0, host);
  await once(far, "listening");
  closing.push(() => new Promise<void>((resolve) => far.close(() => resolve())));
  return far;
}

/** Collects copies; what is not copied is written over, as the next datagram would. */
function collector() {
  const got: { bytes: Buffer; port: number; address: string }[] = [];
  let wake = (): void => {};
  const receive: DatagramReceiver = (datagram, port, address) => {
    got.push({ bytes: Buffer.from(datagram), port, address });
    datagram.fill(0xdb);
    wake();
  };
  const until = async (count: number): Promise<void> => {
    while (got.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { got, receive, until };
}

describe.runIf(native !== undefined)("a socket that C reads", () => {
  test.each(["127.0.0.1", "::1"])("gives each datagram with its source, on %s", async (host) => {
    const { got, receive, until } = collector();
    const { socket } = await open(receive, host);
    const fars = [await openFar(host), await openFar(host)];
    const sizes = [0, 1, 1200, 9000, 65_507 - 8];
    for (const size of sizes) {
      for (const far of fars) {
        const before = got.length;
        far.send(Buffer.alloc(size, size & 0xff), socket.port, host);
        await until(before + 1);
      }
    }
    expect(got.map(({ bytes }) => bytes)).toEqual(
      sizes.flatMap((size) => fars.map(() => Buffer.alloc(size, size & 0xff))),
    );
    expect(new Set(got.map(({ address }) => address))).toEqual(new Set([host]));
    expect(got.map(({ port }) => port)).toEqual(
      sizes.flatMap(() => fars.map((far) => far.address().port)),
    );
  });

  test("takes more at once than fit into one batch, in order", async () => {
    const { got, receive, until } = collector();
    const { socket } = await open(receive);
    const far = await openFar();
    // Sent in one turn of the loop, so that nothing is read in between.
    for (let i = 0; i < 200; i++) far.send(Buffer.of(i), socket.port, "127.0.0.1");
    await until(200);
    expect(got.map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  test("sends, and counts what it cannot", async () => {
    const { socket, counters } = await open(() => {});
    const far = await openFar();
    const came = once(far, "message");
    socket.send(Buffer.from("hello"), far.address().port, "127.0.0.1");
    const [bytes, from] = await came;
    expect(String(bytes)).toBe("hello");
    expect(from.port).toBe(socket.port);
    expect(counters).toMatchObject({ sent: 1, sentBytes: 5, sendErrors: 0 });
    for (const address of ["", "no address", "255.255.255.255", "1".repeat(200), "::1"]) {
      socket.send(Buffer.from("x"), 9, address);
    }
    socket.send(Buffer.alloc(70_000), 9, "127.0.0.1");
    expect(counters).toMatchObject({ sent: 1, sendErrors: 6 });
    await socket.close();
    await socket.close();
    socket.send(Buffer.from("x"), 9, "127.0.0.1");
    expect(counters.sendClosed).toBe(1);
  });

  test("says what the kernel granted, and why it cannot be opened", async () => {
    const { socket } = await open(() => {});
    expect(socket.bufferBytes().recv).toBeGreaterThan(0);
    await expect(open(() => {}, "127.0.0.1", socket.port)).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    await expect(open(() => {}, "192.0.2.1")).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
    await expect(open(() => {}, "localhost")).rejects.toThrow(TypeError);
  });

  test("may be closed by what it receives; nothing follows", async () => {
    let count = 0;
    let closed = (): void => {};
    const done = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { socket } = await open(() => {
      count++;
      void socket.close().then(closed);
    });
    const far = await openFar();
    for (let i = 0; i < 10; i++) far.send(Buffer.of(i), socket.port, "127.0.0.1");
    await done;
    await new Promise((resolve) => setImmediate(resolve));
    expect(count).toBe(1);
    // The port is free again.
    await open(() => {}, "127.0.0.1", socket.port);
  });

  test("ends with the thread that opened it", async () => {
    const worker = new Worker(
      `const native = require(${JSON.stringify(builtNative)});
       const slots = new Uint8Array(64 * (65536 + 1472)), records = new Uint32Array(512);
       native.udpOpen(Uint8Array.of(127, 0, 0, 1), 0, 0, 0, slots, records, () => {}, new Uint32Array(4));
       require("node:worker_threads").parentPort.postMessage("open");`,
      { eval: true },
    );
    await once(worker, "message");
    expect(await worker.terminate()).toBe(1);
  });

  test("refuses memory that is too small", () => {
    const udpOpen = (slots: number, records: number, result: number) => () =>
      native?.udpOpen(
        ...([Uint8Array.of(127, 0, 0, 1), 0, 0, 0, new Uint8Array(slots)] as const),
        ...([new Uint32Array(records), () => {}, new Uint32Array(result)] as const),
      );
    const full = 64 * (65_536 + 1472);
    for (const wrong of [udpOpen(full - 1, 512, 4), udpOpen(full, 511, 4), udpOpen(full, 512, 3)]) {
      expect(wrong).toThrow(expect.objectContaining({ code: "EINVAL" }));
    }
  });
});

test("names of addresses stay right when others take their place", () => {
  const names = new RemoteNames();
  const record = (family: number, ...words: number[]) =>
    Uint32Array.of(9, family, 1000, 0, ...words, ...new Array(4 - words.length).fill(0));
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10_000; i++) {
      expect(names.name(record(4, 0x0a000000 + i), 0)).toBe(`10.0.${i >> 8}.${i & 0xff}`);
    }
  }
  // The same first word in both families.
  expect(names.name(record(6, 0x20010db8, 0, 0, 1), 0)).toBe("2001:db8::1");
  expect(names.name(record(4, 0), 0)).toBe("0.0.0.0");
  expect(names.name(record(6, 0), 0)).toBe("::");
  const local = Uint32Array.of(9, 6, 1000, 3, 0xfe800000, 0, 0, 1);
  expect(names.name(local, 0)).toBe("fe80::1%3");
  local[3] = 4;
  expect(names.name(local, 0)).toBe("fe80::1%4");
});
