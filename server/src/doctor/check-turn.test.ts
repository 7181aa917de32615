import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { checkTurn, parseTurnUrl } from "./check-turn.ts";
import type { Check } from "./report.ts";
import {
  freePort,
  hasIntegrity,
  type LittleServer,
  serveTcp,
  serveUdp,
  stunAnswer,
  stunField,
} from "./test-servers.ts";

const patientMs = 20_000;

const open: LittleServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function keep(server: LittleServer): LittleServer {
  open.push(server);
  return server;
}

const key = createHash("md5").update("anna:example:right").digest();
const error = (request: Buffer, code: number): Buffer =>
  stunAnswer(request, request.readUInt16BE(0) | 0x0110, [
    [0x0009, Buffer.from([0, 0, Math.floor(code / 100), code % 100])],
    [0x0014, Buffer.from("example")],
    [0x0015, Buffer.from("nonce-1")],
  ]);

/** A TURN server that knows one user. `log` is given the methods that succeeded. */
function turn(log: number[], authentic = 0): (request: Buffer) => Buffer {
  return (request) => {
    if (stunField(request, 0x0006) === undefined) return error(request, 401);
    if (!hasIntegrity(request, key)) return error(request, 401);
    if (authentic !== 0) return error(request, authentic);
    log.push(request.readUInt16BE(0));
    return stunAnswer(request, request.readUInt16BE(0) | 0x0100);
  };
}

async function look(url: string, credential = "right", timeoutMs = patientMs): Promise<Check> {
  const [check] = await checkTurn([{ urls: [url], username: "anna", credential }], timeoutMs);
  if (check === undefined) throw new Error("no check");
  return check;
}

describe("checkTurn", () => {
  it("allocates over UDP and over TCP, and gives it back", async () => {
    const log: number[] = [];
    const udp = keep(await serveUdp(turn(log)));
    expect(await look(`turn:127.0.0.1:${udp.port}`)).toMatchObject({ id: "turn-1", code: "OK" });
    const tcp = keep(
      await serveTcp((socket) => socket.on("data", (bytes) => socket.write(turn(log)(bytes)))),
    );
    const check = await look(`turn:127.0.0.1:${tcp.port}?transport=tcp`);
    expect(check.code).toBe("OK");
    expect(log).toEqual([3, 4, 3, 4]);
  });

  it("asks again when a datagram is lost", async () => {
    let lost = 0;
    const { port } = keep(
      await serveUdp((datagram) => (lost++ % 2 === 0 ? undefined : turn([])(datagram))),
    );
    expect((await look(`turn:127.0.0.1:${port}`)).code).toBe("OK");
  });

  it("tells what is wrong, and never the credential", async () => {
    const good = keep(await serveUdp(turn([])));
    const full = keep(await serveUdp(turn([], 486)));
    const broken = keep(await serveUdp(turn([], 500)));
    const anybody = keep(await serveUdp((request) => stunAnswer(request, 0x0103)));
    const silent = keep(await serveUdp(() => undefined));
    const nobody = await freePort();
    const found = [
      await look(`turn:127.0.0.1:${good.port}`, "wrong-secret"),
      await look(`turn:127.0.0.1:${full.port}`),
      await look(`turn:127.0.0.1:${broken.port}`),
      await look(`turn:127.0.0.1:${anybody.port}`, "right", 300),
      await look(`turn:127.0.0.1:${silent.port}`, "right", 300),
      await look(`turn:127.0.0.1:${nobody}`),
      await look(`turn:127.0.0.1:${nobody}?transport=tcp`),
      await look("turns:127.0.0.1?transport=udp"),
    ];
    expect(found.map(({ code }) => code)).toEqual([
      "DOCTOR_TURN_CREDENTIALS",
      "DOCTOR_TURN_FULL",
      "DOCTOR_TURN_REFUSED",
      "DOCTOR_TURN_OPEN",
      "DOCTOR_TURN_UNREACHABLE",
      "DOCTOR_TURN_UNREACHABLE",
      "DOCTOR_TURN_UNREACHABLE",
      "DOCTOR_TURN_URL",
    ]);
    expect(JSON.stringify(found)).not.toContain("wrong-secret");
    for (const { fix } of found) expect(fix).toMatch(/\.$/);
  });

  it("skips when there is none, and looks at STUN servers never", async () => {
    const stun = { urls: ["stun:127.0.0.1:1"], username: "", credential: "" };
    expect((await checkTurn([stun], patientMs)).map(({ code }) => code)).toEqual([
      "DOCTOR_NO_TURN",
    ]);
  });
});

describe("parseTurnUrl", () => {
  it.each([
    ["turn:a.example", { transport: "udp", host: "a.example", port: 3478 }],
    ["turn:a.example:99?transport=tcp", { transport: "tcp", host: "a.example", port: 99 }],
    ["turns:a.example", { transport: "tls", host: "a.example", port: 5349 }],
    ["turn:[2001:db8::1]:5", { transport: "udp", host: "2001:db8::1", port: 5 }],
    ["turns:a.example?transport=udp", undefined],
    ["turn:a.example:0", undefined],
    ["turn:a.example:99999", undefined],
    ["turn://a.example", undefined],
    ["stun:a.example", undefined],
  ])("reads %s", (url, place) => {
    expect(parseTurnUrl(url)).toEqual(place);
  });
});
