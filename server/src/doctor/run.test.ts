import { afterEach, describe, expect, it } from "vitest";
import { portCheck, portState, wantedPorts } from "./check-ports.ts";
import { checkRtmp } from "./check-rtmp.ts";
import type { DoctorReport } from "./report.ts";
import { runServerChecks } from "./run.ts";
import { serveGateway, settingsWith } from "./test-gateway.ts";
import { freePort, type LittleServer, serveTcp, serveUdp } from "./test-servers.ts";

const patientMs = 20_000;

const open: LittleServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function keep<Server extends LittleServer>(server: Server): Server {
  open.push(server);
  return server;
}

const codesOf = ({ checks }: DoctorReport): Record<string, string> =>
  Object.fromEntries(checks.map(({ id, code }) => [id, code]));

/** Answers the handshake as RTMP servers do. */
const serveRtmp = (): Promise<LittleServer> =>
  serveTcp((socket) => {
    socket.once("data", () => {
      socket.write(Uint8Array.of(3));
      socket.write(new Uint8Array(1536 * 2));
    });
  });

describe("ports", () => {
  const at = (port: number, protocol: "tcp" | "udp", host = "127.0.0.1") => ({
    section: "rtmp",
    protocol,
    host,
    port,
  });

  it("are free, taken, or of no address here", async () => {
    expect(await portState(at(await freePort(), "tcp"))).toBe("free");
    expect(await portState(at(await freePort(), "udp"))).toBe("free");
    expect(await portState(at(await freePort(), "tcp", "*"))).toBe("free");
    const tcp = keep(await serveTcp(() => {}));
    const udp = keep(await serveUdp(() => undefined));
    expect(await portState(at(tcp.port, "tcp"))).toBe("taken");
    expect(await portState(at(udp.port, "udp"))).toBe("taken");
    expect(await portState(at(0, "tcp", "198.51.100.77"))).toBe("no-address");
  });

  it.each([
    ["free", false, "OK"],
    ["taken", true, "OK"],
    ["taken", false, "DOCTOR_PORT_TAKEN"],
    ["forbidden", false, "DOCTOR_PORT_FORBIDDEN"],
    ["no-address", false, "DOCTOR_HOST_MISSING"],
  ] as const)("that are %s (ours: %s) give %s", (state, ours, code) => {
    expect(portCheck(at(1935, "tcp"), state, ours)).toMatchObject({ id: "rtmp-tcp-port", code });
  });

  it("are those that are switched on and have a number", () => {
    const settings = settingsWith({
      rtmp: { port: 1 },
      flvTcp: { port: 2, enabled: false },
      rtc: { port: 3 },
    });
    const ports = wantedPorts(settings).map(({ section, protocol }) => `${section} ${protocol}`);
    expect(ports).toEqual(["rtmp tcp", "rtc udp", "rtc tcp"]);
  });
});

describe("checkRtmp", () => {
  it("shakes hands", async () => {
    const { port } = keep(await serveRtmp());
    expect(await checkRtmp("127.0.0.1", port, patientMs)).toMatchObject({ code: "OK" });
  });

  it("tells what speaks something else, what hangs up and what keeps silent", async () => {
    const http = keep(
      await serveTcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 400\r\n"))),
    );
    const closing = keep(await serveTcp((socket) => socket.destroy()));
    const silent = keep(await serveTcp(() => {}));
    const code = async (port: number, timeoutMs: number) =>
      (await checkRtmp("127.0.0.1", port, timeoutMs)).code;
    expect(await code(http.port, patientMs)).toBe("DOCTOR_RTMP_FOREIGN");
    expect(await code(closing.port, patientMs)).toBe("DOCTOR_RTMP_UNREACHABLE");
    expect(await code(silent.port, 150)).toBe("DOCTOR_RTMP_UNREACHABLE");
    expect(await code(await freePort(), patientMs)).toBe("DOCTOR_RTMP_UNREACHABLE");
  });
});

describe("runServerChecks", () => {
  it("looks at the configuration where no server runs", async () => {
    const rtmp = keep(await serveTcp(() => {}));
    const settings = settingsWith({ http: { port: await freePort() }, rtmp: { port: rtmp.port } });
    const report = await runServerChecks({ version: "1.2.3", settings, timeoutMs: patientMs });
    expect(report.version).toBe("1.2.3");
    expect(codesOf(report)).toMatchObject({
      node: "OK",
      "http-tcp-port": "OK",
      "rtmp-tcp-port": "DOCTOR_PORT_TAKEN",
      turn: "DOCTOR_NO_TURN",
      http: "DOCTOR_NOT_RUNNING",
    });
  });

  it("looks at the server that runs here too, and tells its ports from others'", async () => {
    const rtmp = keep(await serveRtmp());
    const foreign = keep(await serveTcp(() => {}));
    const api = { addresses: [] as object[] };
    const gateway = keep(await serveGateway({ api }));
    api.addresses.push(
      { protocol: "http", port: gateway.port },
      { protocol: "rtmp", port: rtmp.port },
    );
    const settings = settingsWith({
      http: { port: gateway.port },
      rtmp: { port: rtmp.port },
      flvTcp: { port: foreign.port },
      rtc: { port: await freePort(), tcp: false },
    });
    const report = await runServerChecks({ version: "1.2.3", settings, timeoutMs: patientMs });
    expect(codesOf(report)).toMatchObject({
      "http-tcp-port": "OK",
      "rtmp-tcp-port": "OK",
      "flvTcp-tcp-port": "DOCTOR_PORT_TAKEN",
      http: "OK",
      "signaling-websocket": "OK",
      rtmp: "OK",
      webrtc: "DOCTOR_MEDIA_CLOSED",
      "proxy-buffering": "DOCTOR_NO_STREAM",
    });
  });

  it("looks at a server elsewhere from outside only, and shows no token", async () => {
    const rtmp = keep(await serveRtmp());
    const gateway = keep(
      await serveGateway({
        basePath: "/video",
        api: {
          basePath: "/video",
          publicUrls: ["https://a.example/film"],
          transcoder: "none",
          addresses: [{ protocol: "rtmp", port: rtmp.port }],
        },
        streams: {
          streams: [
            { name: "live/old", state: "waiting" },
            { name: "live/cam", state: "live" },
          ],
        },
        more(request, response) {
          if (!request.url?.endsWith("/live/cam.sse")) return false;
          response.writeHead(200, { "Content-Type": "text/event-stream" });
          response.write("retry: 1000\n\n");
          return true;
        },
      }),
    );
    const report = await runServerChecks({
      version: "1.2.3",
      url: new URL("/video", gateway.url).href,
      token: "secret-token",
      settings: settingsWith(),
      timeoutMs: patientMs,
    });
    expect(codesOf(report)).toEqual({
      http: "OK",
      tls: "OK",
      ready: "OK",
      "server-clock": "OK",
      "signaling-polling": "OK",
      "signaling-websocket": "OK",
      "base-path": "DOCTOR_BASE_PATH",
      transcoder: "DOCTOR_TRANSCODER_NONE",
      rtmp: "OK",
      webrtc: "DOCTOR_STREAM_REFUSED",
      "proxy-buffering": "OK",
    });
    expect(JSON.stringify(report)).not.toContain("secret-token");
    expect(gateway.asked).toContain("POST /video/whep/live/cam");
  });

  it("says that the API is closed, and asks no more of a server that is none", async () => {
    const gateway = keep(await serveGateway());
    const closed = await runServerChecks({
      version: "1",
      url: gateway.url.href,
      settings: settingsWith({ rtmp: { enabled: false }, rtc: { port: await freePort() } }),
      timeoutMs: patientMs,
    });
    expect(codesOf(closed)["api"]).toBe("DOCTOR_API_CLOSED");
    const ask = (url: string) =>
      runServerChecks({ version: "1", url, settings: settingsWith(), timeoutMs: patientMs });
    expect(codesOf(await ask("ftp://a.example"))).toEqual({ http: "DOCTOR_URL_INVALID" });
    expect(codesOf(await ask(`http://127.0.0.1:${await freePort()}/`))).toEqual({
      http: "DOCTOR_HTTP_UNREACHABLE",
    });
  });
});
