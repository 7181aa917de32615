import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { checkBuffering, checkBufferingByProbe, checkHealth, checkHttp } from "./check-http.ts";
import type { Check } from "./report.ts";
import { type Faults, serveGateway } from "./test-gateway.ts";
import { freePort, type LittleServer, serveHttp } from "./test-servers.ts";

const patientMs = 20_000;
const impatientMs = 150;

const open: LittleServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function keep<Server extends LittleServer>(server: Server): Server {
  open.push(server);
  return server;
}

const byId = (checks: readonly Check[], id: string): Check | undefined =>
  checks.find((check) => check.id === id);

async function look(faults: Faults = {}): Promise<Check[]> {
  const { url } = keep(await serveGateway(faults));
  return checkHttp(url, () => Date.now(), patientMs);
}

describe("checkHealth", () => {
  it("finds a server, with and without a base path", async () => {
    const { url } = keep(await serveGateway());
    expect(await checkHealth(url, patientMs)).toMatchObject({ status: "ok", code: "OK", fix: "" });
    const based = keep(await serveGateway({ basePath: "/video" }));
    expect(await checkHealth(new URL("/video/", based.url), patientMs)).toMatchObject({
      code: "OK",
    });
  });

  it("tells a wrong base path from another server", async () => {
    const { url } = keep(await serveGateway({ basePath: "/video" }));
    const wrong = await checkHealth(new URL("/film/", url), patientMs);
    expect(wrong).toMatchObject({ status: "fail", code: "DOCTOR_BASE_PATH" });
    const foreign = keep(await serveHttp((_, response) => void response.end("<h1>It works</h1>")));
    expect(await checkHealth(foreign.url, patientMs)).toMatchObject({
      code: "DOCTOR_HTTP_FOREIGN",
    });
  });

  it("tells that nothing answers, or never does", async () => {
    const nobody = new URL(`http://127.0.0.1:${await freePort()}/`);
    const code = "DOCTOR_HTTP_UNREACHABLE";
    expect(await checkHealth(nobody, patientMs)).toMatchObject({ status: "fail", code });
    const silent = keep(await serveHttp(() => {}));
    expect(await checkHealth(silent.url, impatientMs)).toMatchObject({ status: "fail", code });
  });

  // Key and certificate in one text, signed by nobody.
  const pem = spawnSync(
    "openssl",
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout - -out -".split(
      " ",
    ),
  ).stdout?.toString();

  it.skipIf(!pem)("tells that browsers would not take the certificate", async () => {
    const server = createServer({ key: pem, cert: pem }, (_, response) => void response.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const check = await checkHealth(new URL(`https://localhost:${port}/`), patientMs);
    server.close();
    expect(check).toMatchObject({ status: "fail", code: "DOCTOR_CERTIFICATE_SELF_SIGNED" });
  });

  it("tells that a connection without TLS answers where TLS was asked for", async () => {
    const { port } = keep(await serveGateway());
    const check = await checkHealth(new URL(`https://127.0.0.1:${port}/`), patientMs);
    expect(check).toMatchObject({ status: "fail", code: "DOCTOR_HTTP_UNREACHABLE" });
  });
});

describe("checkHttp", () => {
  it("finds nothing wrong with a good server, and leaves no session", async () => {
    const server = keep(await serveGateway());
    const checks = await checkHttp(server.url, () => Date.now(), patientMs);
    expect(checks.map(({ id, code }) => [id, code])).toEqual([
      ["ready", "OK"],
      ["server-clock", "OK"],
      ["signaling-polling", "OK"],
      ["signaling-websocket", "OK"],
    ]);
    expect(server.asked).toContain("POST /socket.io/?EIO=4&transport=polling&sid=abc");
  });

  it.each([
    ["a server that starts", { ready: false }, "ready", "DOCTOR_NOT_READY"],
    [
      "another clock",
      { date: "Tue, 01 Jan 2030 00:00:00 GMT" },
      "server-clock",
      "DOCTOR_CLOCK_SKEW",
    ],
    [
      "a proxy without signaling",
      { polling: false },
      "signaling-polling",
      "DOCTOR_POLLING_BLOCKED",
    ],
    [
      "a proxy without upgrades",
      { websocket: false },
      "signaling-websocket",
      "DOCTOR_WEBSOCKET_BLOCKED",
    ],
  ])("tells of %s", async (_, faults, id, code) => {
    const check = byId(await look(faults), id);
    expect(check).toMatchObject({ code, fix: expect.stringMatching(/\.$/) });
  });

  it("does not take any switch of protocols for a WebSocket", async () => {
    const { url } = keep(
      await serveHttp(
        (_, response) => void response.end(),
        (_, socket) =>
          socket.write("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
      ),
    );
    const checks = await checkHttp(url, () => Date.now(), patientMs);
    expect(byId(checks, "signaling-websocket")?.code).toBe("DOCTOR_WEBSOCKET_BLOCKED");
  });
});

describe("checkBufferingByProbe", () => {
  async function buffering(body: string, timeoutMs: number): Promise<string> {
    const more: Faults["more"] = (request, response) => {
      if (request.url !== "/doctor/events") return false;
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      if (body !== "") response.write(body);
      return true;
    };
    const { url } = keep(await serveGateway({ more }));
    const { status, code } = await checkBufferingByProbe(url, timeoutMs);
    return `${status} ${code}`;
  }

  it("needs no stream to tell answers that are held from those that are not", async () => {
    expect(await buffering("event: beat\ndata: 1\n\n", patientMs)).toBe("ok OK");
    expect(await buffering("", impatientMs)).toBe("fail DOCTOR_PROXY_BUFFERS");
  });

  it("does not wait until what was held comes at last", async () => {
    expect(await buffering("", patientMs)).toBe("fail DOCTOR_PROXY_BUFFERS");
  });

  it("leaves a server alone that has no such answer", async () => {
    const { url } = keep(await serveGateway());
    expect(await checkBufferingByProbe(url, patientMs)).toMatchObject({
      status: "skipped",
      code: "DOCTOR_NO_STREAM",
    });
  });
});

describe("checkBuffering", () => {
  async function buffering(status: number, body: string, timeoutMs: number): Promise<Check> {
    const more: Faults["more"] = (request, response) => {
      if (request.url !== "/live/cam.sse") return false;
      response.writeHead(status, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      if (body !== "") response.write(body);
      return true;
    };
    const { url } = keep(await serveGateway({ more }));
    return checkBuffering(url, "live/cam", "secret-token", timeoutMs);
  }

  it("passes when the first event comes while the answer goes on", async () => {
    expect(await buffering(200, "retry: 1000\n\n", patientMs)).toMatchObject({ code: "OK" });
  });

  it("tells that the answer is held back", async () => {
    const check = await buffering(200, "", impatientMs);
    expect(check).toMatchObject({ status: "fail", code: "DOCTOR_PROXY_BUFFERS" });
  });

  it("skips a stream that may not be watched", async () => {
    const check = await buffering(403, "no", patientMs);
    expect(check).toMatchObject({ status: "skipped", code: "DOCTOR_STREAM_REFUSED" });
    expect(JSON.stringify(check)).not.toContain("secret-token");
  });
});
