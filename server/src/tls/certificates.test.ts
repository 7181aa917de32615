import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { PemPair } from "./certificate.ts";
import { Certificates } from "./certificates.ts";
import type { HandshakeGuard } from "./handshake-guard.ts";
import type { TlsLimits } from "./limits.ts";
import { makeSelfSigned } from "./make-certificate.ts";
import { type TestLine, testLog } from "./test-log.ts";

const [one, two, three]: PemPair[] = await Promise.all(
  ["one.example", "two.example", "three.example"].map((name) =>
    makeSelfSigned({ names: [name], nowMs: Date.now() }),
  ),
);
if (one === undefined || two === undefined || three === undefined)
  throw new Error("no certificate");

let server: Server;
let guard: HandshakeGuard;
let lines: TestLine[];
let port: number;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  guard.close();
  guard.close();
  server.close();
  await once(server, "close");
});

/** A server that sends back what it gets. */
async function open(
  pairs: readonly [PemPair, ...PemPair[]],
  limits: Partial<TlsLimits> = {},
): Promise<Certificates> {
  const kept = testLog();
  lines = kept.lines;
  const certificates = new Certificates(pairs, { log: kept.log, limits });
  server = createServer(certificates.options(), (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  guard = certificates.guard(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  return certificates;
}

interface Shaken {
  readonly socket: TLSSocket;
  readonly name: string | undefined;
  readonly protocol: string | null;
}

async function shake(servername?: string, more: object = {}): Promise<Shaken> {
  const names = servername === undefined ? {} : { servername };
  const at = { host: "127.0.0.1", port, rejectUnauthorized: false, ...names, ...more };
  const socket = connect(at);
  sockets.push(socket);
  await once(socket, "secureConnect");
  const name = socket.getPeerCertificate().subjectaltname?.replace("DNS:", "");
  return { socket, name, protocol: socket.getProtocol() };
}

async function tcp(): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

const codes = () => lines.map(({ code }) => code).filter((code) => code !== undefined);

describe("Certificates", () => {
  it("shows the one that is for the host, and the first to whoever names none of them", async () => {
    await open([one, two]);
    expect((await shake("two.example")).name).toBe("two.example");
    expect((await shake("one.example")).name).toBe("one.example");
    expect((await shake("stranger.example")).name).toBe("one.example");
    expect((await shake()).name).toBe("one.example");
  });

  it("shows new ones from then on, while connections go on", async () => {
    const certificates = await open([one]);
    const { socket } = await shake("one.example");
    const session = once(socket, "session");
    socket.write("before");
    expect(String((await once(socket, "data"))[0])).toBe("before");
    const [ticket] = (await session) as [Buffer];
    certificates.replace([two, three]);
    socket.write("after");
    expect(String((await once(socket, "data"))[0])).toBe("after");
    expect((await shake()).name).toBe("two.example");
    expect((await shake("three.example")).name).toBe("three.example");
    // A ticket of before does not bring the old one back.
    const resumed = await shake("one.example", { session: ticket });
    expect(resumed.socket.isSessionReused()).toBe(false);
    expect(resumed.name).toBe("two.example");
    expect(() => certificates.replace([{ ...two, key: one.key }])).toThrow();
    expect((await shake()).name).toBe("two.example");
  });

  it("speaks TLS 1.2 and 1.3 with forward secrecy, and nothing older or weaker", async () => {
    await open([one]);
    expect((await shake()).protocol).toBe("TLSv1.3");
    const older = { maxVersion: "TLSv1.2" };
    expect((await shake(undefined, older)).protocol).toBe("TLSv1.2");
    const weak = "@SECLEVEL=0";
    for (const refused of [
      { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: `DEFAULT:${weak}` },
      { ...older, ciphers: "ECDHE-ECDSA-AES128-SHA" },
      { ...older, ciphers: "AES128-GCM-SHA256" },
    ]) {
      await expect(shake(undefined, refused)).rejects.toThrow();
    }
  });

  it("hears of clients that do not believe a certificate, or speak no TLS, at debug alone", async () => {
    await open([one]);
    await expect(shake("one.example", { rejectUnauthorized: true })).rejects.toThrow();
    const plain = await tcp();
    plain.write("GET / HTTP/1.1\r\n\r\n");
    await once(plain, "close");
    const hasty = await tcp();
    hasty.destroy();
    await expect.poll(() => codes().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    expect(new Set(codes())).toEqual(new Set(["TLS_HANDSHAKE_FAILED"]));
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(["debug"]));
    expect((await shake()).name).toBe("one.example");
    await expect.poll(() => guard.handshakes, { timeout: 10_000 }).toBe(0);
  });

  it("cuts off whoever takes too long for a handshake", async () => {
    await open([one], { handshakeTimeoutMs: 100 });
    const slow = await tcp();
    const { socket } = await shake();
    await once(slow, "close");
    await expect.poll(() => guard.handshakes, { timeout: 10_000 }).toBe(0);
    socket.write("still here");
    await once(socket, "data");
  });

  it("has so many handshakes under way and no more, and connections do not count", async () => {
    await open([one], { maxHandshakes: 2 });
    for (let connected = 0; connected < 3; connected++) await shake();
    const [first, second] = [await tcp(), await tcp()];
    await expect.poll(() => guard.handshakes, { timeout: 10_000 }).toBe(2);
    const third = await tcp();
    await once(third, "close");
    expect(codes()).toContain("TLS_HANDSHAKES_FULL");
    first.destroy();
    await expect.poll(() => guard.handshakes, { timeout: 10_000 }).toBe(1);
    expect((await shake()).name).toBe("one.example");
    guard.close();
    await once(second, "close");
  });
});
