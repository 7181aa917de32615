import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { silentLog } from "../../core/log.ts";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { BINDING_SUCCESS, parseStun } from "../stun/message.ts";
import { FrameReader } from "./frame-reader.ts";
import type { IceHandler, IceSession } from "./ice-session.ts";
import type { TcpLimits } from "./tcp-limits.ts";
import { writeTestCheck } from "./test-check.ts";
import { UdpMux } from "./udp-mux.ts";

const RTP = Buffer.from("80600001000000010102030401020304", "hex");
const has6 = Object.values(networkInterfaces()).some((list) =>
  list?.some((entry) => entry.address === "::1"),
);

function frame(bytes: Uint8Array): Buffer {
  return Buffer.from([bytes.length >> 8, bytes.length & 0xff, ...bytes]);
}

function check(session: IceSession, useCandidate = false): Buffer {
  const { ufrag, pwd } = session.credentials;
  return frame(writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate }));
}

/** A TCP peer that keeps the frames it gets. */
class Client {
  readonly socket: Socket;
  readonly frames: Buffer[] = [];
  closed = false;

  constructor(port: number, host = "127.0.0.1") {
    this.socket = connect({ port, host });
    const reader = new FrameReader(65_535, (bytes) => this.frames.push(Buffer.from(bytes)) > 0);
    this.socket.on("data", (bytes) => reader.push(bytes));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  async receives(count: number): Promise<void> {
    await until(() => this.frames.length >= count);
  }
}

function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 5 });
}

describe("ICE over TCP", () => {
  const media: Buffer[] = [];
  const handler: IceHandler = {
    onDtls() {},
    onMedia: (datagram) => void media.push(Buffer.from(datagram)),
    onCheck() {},
  };
  const clients: Client[] = [];
  let mux: UdpMux;
  let session: IceSession;

  async function open(tcpLimits: Partial<TcpLimits> = {}, host: string | undefined = "127.0.0.1") {
    mux = await UdpMux.open({
      port: 0,
      host,
      announcedIps: ["127.0.0.1"],
      tcp: true,
      tcpLimits,
      clock: new FakeClock(),
      log: silentLog,
      limits: DEFAULT_RTC_LIMITS,
    });
    session = mux.openSession(handler);
  }

  function client(host?: string): Client {
    const made = new Client(mux.port, host);
    clients.push(made);
    return made;
  }

  beforeEach(() => {
    media.length = 0;
  });
  afterEach(async () => {
    session.close();
    await mux.close();
    for (const one of clients.splice(0)) one.socket.destroy();
    expect(mux.counters.tcpConnections).toBe(0);
    expect(mux.connectionEntries).toBe(0);
    expect(mux.size).toEqual({ sessions: 0, ufrags: 0, addresses: 0 });
  });

  test("answers a check, then carries datagrams both ways", async () => {
    await open();
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    const answer = parseStun(peer.frames[0] ?? new Uint8Array());
    expect(answer?.type).toBe(BINDING_SUCCESS);
    expect(answer?.mappedAddress).toEqual({
      address: "127.0.0.1",
      port: peer.socket.localPort,
    });
    expect(session.selected?.port).toBe(peer.socket.localPort);
    peer.socket.write(Buffer.concat([frame(RTP), frame(RTP)]));
    await until(() => media.length === 2);
    expect(media[1]).toEqual(RTP);
    session.send(Uint8Array.of(200, 1));
    session.send(Uint8Array.of(200, 2));
    await peer.receives(3);
    expect(peer.frames.slice(1)).toEqual([Buffer.from([200, 1]), Buffer.from([200, 2])]);
    expect(mux.candidates().map((candidate) => candidate.transport)).toEqual(["udp", "tcp"]);
  });

  test.skipIf(!has6)("listens on IPv6 too", async () => {
    await open({}, undefined as never);
    await mux.close();
    session.close();
    mux = await UdpMux.open({
      port: 0,
      host: undefined,
      announcedIps: ["127.0.0.1", "::1"],
      tcp: true,
      clock: new FakeClock(),
      log: silentLog,
      limits: DEFAULT_RTC_LIMITS,
    });
    session = mux.openSession(handler);
    const peer = client("::1");
    peer.socket.write(check(session));
    await peer.receives(1);
    expect(session.selected?.address).toBe("::1");
  });

  test("nothing of an anonymous connection reaches a peer or is answered", async () => {
    await open();
    const peer = client();
    const forged = writeTestCheck({
      username: `${session.credentials.ufrag}:x`,
      password: "x".repeat(32),
      useCandidate: true,
    });
    peer.socket.write(Buffer.concat([frame(RTP), frame(forged), frame(RTP)]));
    await until(() => mux.counters.notValidated === 2);
    expect(mux.counters.stunUnauthenticated).toBe(1);
    expect(media).toHaveLength(0);
    expect(peer.frames).toHaveLength(0);
    expect(session.selected).toBeUndefined();
  });

  test("when a connection closes its path goes, and the next best is used", async () => {
    await open();
    const [first, second] = [client(), client()];
    first.socket.write(check(session));
    await first.receives(1);
    second.socket.write(check(session, true));
    await second.receives(1);
    expect(session.selected?.port).toBe(second.socket.localPort);
    expect(mux.counters.addresses).toBe(2);
    second.socket.destroy();
    await until(() => mux.counters.addresses === 1);
    expect(session.selected?.port).toBe(first.socket.localPort);
    first.socket.end();
    await until(() => mux.counters.addresses === 0);
    expect(session.selected).toBeUndefined();
    session.send(RTP);
  });

  test("a nomination over TCP takes over from UDP's, and the other way round", async () => {
    await open();
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    expect(session.selected?.socket.connection).toBeDefined();
    const { createSocket } = await import("node:dgram");
    const udp = createSocket("udp4");
    const { ufrag, pwd } = session.credentials;
    const udpCheck = (): Buffer =>
      writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate: true });
    udp.send(udpCheck(), mux.port, "127.0.0.1");
    await once(udp, "message");
    expect(session.selected?.socket.connection).toBeUndefined();
    peer.socket.write(check(session, true));
    await peer.receives(2);
    expect(session.selected?.socket.connection).toBeDefined();
    udp.close();
  });

  test("a closed session ends its connections after what waits has gone out", async () => {
    await open();
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    session.send(Uint8Array.of(21, 1));
    session.close();
    await until(() => peer.closed);
    expect(peer.frames.at(-1)).toEqual(Buffer.from([21, 1]));
  });

  test("a peer that stops reading cannot hold its connection after the linger time", async () => {
    await open({ lingerMs: 50 });
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    peer.socket.pause();
    for (let i = 0; mux.counters.tcpDropped === 0 && i < 20_000; i++) {
      session.send(new Uint8Array(1200));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    session.close();
    await until(() => mux.counters.tcpConnections === 0);
  });

  test("a slow peer costs whole datagrams, counted, and never more memory than allowed", async () => {
    await open({ maxSendBytes: 10_000 });
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    for (let i = 0; i < 20; i++) session.send(new Uint8Array(998).fill(i));
    // Ten frames of a thousand bytes with their lengths fit.
    expect(mux.counters.tcpDropped).toBe(10);
    await peer.receives(11);
    expect(peer.frames.slice(1).map((bytes) => [bytes.length, bytes[0]])).toEqual(
      Array.from({ length: 10 }, (_, i) => [998, i]),
    );
  });

  test("no authenticated check in time closes the connection", async () => {
    await open({ unauthenticatedMs: 50 });
    const silent = client();
    const good = client();
    good.socket.write(check(session));
    await good.receives(1);
    await until(() => silent.closed);
    expect(mux.counters.tcpUnauthenticated).toBe(1);
    expect(good.closed).toBe(false);
  });

  test("more bytes than allowed before a check close the connection; the limit itself does not", async () => {
    await open({ maxUnauthenticatedBytes: 200 });
    const exact = client();
    exact.socket.write(frame(new Uint8Array(198).fill(200)));
    await until(() => mux.counters.malformed === 1);
    expect(exact.closed).toBe(false);
    exact.socket.write(Uint8Array.of(0));
    await until(() => exact.closed);
    expect(mux.counters.tcpUnauthenticated).toBe(1);
  });

  test("a frame longer than allowed closes the connection", async () => {
    await open({ maxFrameBytes: 500 });
    const peer = client();
    peer.socket.write(check(session));
    await peer.receives(1);
    peer.socket.write(frame(Buffer.concat([RTP, Buffer.alloc(500 - RTP.length)])));
    await until(() => media.length === 1);
    peer.socket.write(frame(Buffer.concat([RTP, Buffer.alloc(501 - RTP.length)])));
    await until(() => peer.closed);
    expect(media).toHaveLength(1);
    expect(mux.counters.tcpMalformed).toBe(1);
    expect(session.selected).toBeUndefined();
  });

  test("connections are limited for each address and in all", async () => {
    await open({ maxConnectionsPerAddress: 2 });
    const kept = [client(), client()];
    await until(() => mux.counters.tcpAccepted === 2);
    const refused = client();
    await until(() => refused.closed);
    expect(mux.counters.tcpRefused).toBe(1);
    kept[0]?.socket.destroy();
    await until(() => mux.counters.tcpConnections === 1);
    client();
    await until(() => mux.counters.tcpAccepted === 3);
  });

  test("the oldest anonymous connection makes room for a new one", async () => {
    await open({ maxUnauthenticated: 2 });
    const [first, second] = [client(), client()];
    await until(() => mux.counters.tcpAccepted === 2);
    second.socket.write(check(session));
    await second.receives(1);
    client();
    await until(() => mux.counters.tcpAccepted === 3);
    client();
    await until(() => first.closed);
    expect(second.closed).toBe(false);
    expect(mux.counters.tcpConnections).toBe(3);
  });

  test("a connection of one peer is never another's", async () => {
    await open();
    const other = mux.openSession(handler);
    const peer = client();
    peer.socket.write(check(session, true));
    await peer.receives(1);
    peer.socket.write(check(other, true));
    await until(() => mux.counters.stunAddressTaken === 1);
    expect(other.selected).toBeUndefined();
    expect(session.selected).toBeDefined();
    other.close();
  });

  test("a hundred peers leave nothing behind", async () => {
    await open();
    const sessions = Array.from({ length: 100 }, () => mux.openSession(handler));
    const peers = sessions.map((one) => {
      const peer = client();
      peer.socket.write(check(one, true));
      return peer;
    });
    await Promise.all(peers.map((peer) => peer.receives(1)));
    expect(mux.counters.addresses).toBe(100);
    for (const one of sessions) one.close();
    await until(() => mux.counters.tcpConnections === 0);
    expect(mux.connectionEntries).toBe(0);
  }, 20_000);

  test("a port in use on TCP alone is refused, and UDP is left free", async () => {
    await open();
    const { createServer } = await import("node:net");
    const blocker = createServer();
    blocker.listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const options = {
      port,
      host: "127.0.0.1",
      announcedIps: undefined,
      clock: new FakeClock(),
      log: silentLog,
      limits: DEFAULT_RTC_LIMITS,
    };
    await expect(UdpMux.open({ ...options, tcp: true })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    const udpOnly = await UdpMux.open(options);
    expect(udpOnly.candidates().map((candidate) => candidate.transport)).toEqual(["udp"]);
    await udpOnly.close();
    blocker.close();
  });
});
