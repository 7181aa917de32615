import { afterEach, describe, expect, it } from "vitest";
import { checkMedia, checkMediaByProbe, checkMediaPort } from "./check-media.ts";
import type { Check } from "./report.ts";
import { serveGateway } from "./test-gateway.ts";
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
const impatientMs = 200;
const password = "p".repeat(24);

const open: LittleServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function keep<Server extends LittleServer>(server: Server): Server {
  open.push(server);
  return server;
}

/** Answers authentic checks of ICE and nothing else, as the gateway does. */
function answerCheck(datagram: Buffer): Buffer | undefined {
  const username = stunField(datagram, 0x0006)?.value.toString() ?? "";
  if (!username.startsWith("server:") || !hasIntegrity(datagram, password)) return undefined;
  return stunAnswer(datagram, 0x0101);
}

function answerFramed(bytes: Buffer): Buffer | undefined {
  const answer = answerCheck(bytes.subarray(2));
  if (answer === undefined) return undefined;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(answer.length);
  return Buffer.concat([length, answer]);
}

/** A gateway whose answer names these candidates, looked at with `live/cam`. */
async function look(
  candidates: readonly string[],
  timeoutMs: number,
  refusal?: { status: number; code: string },
): Promise<{ check: Check; asked: readonly string[]; offer: string }> {
  let offer = "";
  const gateway = keep(
    await serveGateway({
      more(request, response) {
        if (request.url === "/whep/sessions/1") response.writeHead(200).end();
        else if (request.url !== "/whep/live/cam") return false;
        else if (refusal !== undefined) {
          response.writeHead(refusal.status).end(JSON.stringify({ code: refusal.code }));
        } else {
          request.on("data", (part) => {
            offer += String(part);
          });
          request.on("end", () => {
            response.writeHead(201, { Location: "/whep/sessions/1" });
            const lines = ["v=0", "a=ice-ufrag:server", `a=ice-pwd:${password}`];
            response.end([...lines, ...candidates, ""].join("\r\n"));
          });
        }
        return true;
      },
    }),
  );
  const check = await checkMedia(gateway.url, "live/cam", undefined, timeoutMs);
  return { check, asked: gateway.asked, offer };
}

const udpLine = (port: number): string =>
  `a=candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host`;
const tcpLine = (port: number): string =>
  `a=candidate:2 1 tcp 1518280447 127.0.0.1 ${port} typ host tcptype passive`;

describe("checkMedia", () => {
  it("passes when an announced address answers, and ends the session", async () => {
    const { port } = keep(await serveUdp(answerCheck));
    const { check, asked, offer } = await look([udpLine(port)], patientMs);
    expect(check).toMatchObject({
      code: "OK",
      message: expect.stringContaining(`127.0.0.1:${port}/udp`),
    });
    expect(asked).toContain("DELETE /whep/sessions/1");
    expect(offer).toContain("a=rtpmap:102 H264/90000\r\n");
    expect(JSON.stringify(check)).not.toContain(password);
  });

  it("tells that only TCP comes through", async () => {
    const tcp = keep(
      await serveTcp((socket) =>
        socket.on("data", (bytes) => {
          const answer = answerFramed(bytes);
          // In two pieces, as a network may.
          if (answer === undefined) return;
          socket.write(answer.subarray(0, 9));
          socket.write(answer.subarray(9));
        }),
      ),
    );
    const silent = keep(await serveUdp(() => undefined));
    const { check } = await look([udpLine(silent.port), tcpLine(tcp.port)], 1_500);
    expect(check).toMatchObject({ status: "warn", code: "DOCTOR_MEDIA_UDP_BLOCKED" });
  });

  it("tells that announced addresses are wrong", async () => {
    const { port } = keep(await serveUdp(() => undefined));
    const { check, asked } = await look([udpLine(port), tcpLine(await freePort())], impatientMs);
    expect(check).toMatchObject({ status: "fail", code: "DOCTOR_MEDIA_UNREACHABLE" });
    expect(asked).toContain("DELETE /whep/sessions/1");
    expect((await look([], impatientMs)).check.code).toBe("DOCTOR_MEDIA_UNREACHABLE");
  });

  it("does not take an error, or another server's answer, for a way", async () => {
    const { port } = keep(await serveUdp((datagram) => stunAnswer(datagram, 0x0111)));
    const other = keep(await serveUdp(() => Buffer.alloc(20)));
    const { check } = await look([udpLine(port), udpLine(other.port)], impatientMs);
    expect(check.code).toBe("DOCTOR_MEDIA_UNREACHABLE");
  });

  it.each([
    [404, "STREAM_NOT_FOUND", "skipped", "DOCTOR_STREAM_REFUSED"],
    [401, "UNAUTHORIZED", "skipped", "DOCTOR_STREAM_REFUSED"],
    [415, "B_FRAMES", "warn", "DOCTOR_WHEP_REFUSED"],
  ])("says so when the server answers %i %s", async (status, code, expected, told) => {
    const { check } = await look([], patientMs, { status, code });
    expect(check).toMatchObject({ status: expected, code: told });
    expect(check.message).toContain(code);
  });
});

describe("checkMediaByProbe", () => {
  it("finds the way without a stream, and ends the session", async () => {
    const { port } = keep(await serveUdp(answerCheck));
    const gateway = keep(
      await serveGateway({
        more(request, response) {
          if (request.url === "/doctor/peer/1") response.writeHead(204).end();
          else if (request.url !== "/doctor/peer") return false;
          else {
            response.writeHead(201, { Location: "/doctor/peer/1" });
            const lines = ["v=0", "a=ice-ufrag:server", `a=ice-pwd:${password}`, udpLine(port), ""];
            response.end(lines.join("\r\n"));
          }
          return true;
        },
      }),
    );
    const check = await checkMediaByProbe(gateway.url, undefined, patientMs);
    expect(check).toMatchObject({ status: "ok", code: "OK" });
    expect(gateway.asked).toContain("DELETE /doctor/peer/1");
  });

  it("says nothing of a server that makes no peer for us", async () => {
    const gateway = keep(await serveGateway());
    expect(await checkMediaByProbe(gateway.url, undefined, patientMs)).toBe(undefined);
  });
});

describe("checkMediaPort", () => {
  it("tells a port that nobody has from one that keeps silent", async () => {
    const closed = await checkMediaPort("127.0.0.1", await freePort(), patientMs);
    expect(closed).toMatchObject({ status: "fail", code: "DOCTOR_MEDIA_CLOSED" });
    const { port } = keep(await serveUdp(() => undefined));
    const silent = await checkMediaPort("127.0.0.1", port, impatientMs);
    expect(silent).toMatchObject({ status: "skipped", code: "DOCTOR_MEDIA_NOT_KNOWN" });
  });
});
