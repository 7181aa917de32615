import type { IncomingMessage, ServerResponse } from "node:http";
import type { DoctorSettings } from "./options.ts";
import { acceptUpgrade, type LittleServer, serveHttp } from "./test-servers.ts";

/** What the little gateway does otherwise than a good one. */
export interface Faults {
  readonly basePath?: string;
  readonly ready?: boolean;
  readonly date?: string;
  readonly polling?: boolean;
  readonly websocket?: boolean;
  readonly api?: object | undefined;
  readonly streams?: object;
  /** Answers other requests; false leaves them alone. */
  readonly more?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** As much of a gateway as the doctor asks of one over HTTP. */
export async function serveGateway(
  faults: Faults = {},
): Promise<LittleServer & { readonly url: URL; readonly asked: readonly string[] }> {
  const { basePath = "", ready = true, polling = true, websocket = true } = faults;
  const asked: string[] = [];
  const json = (response: ServerResponse, status: number, document: object): void => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(document));
  };
  const server = await serveHttp(
    (request, response) => {
      const url = request.url ?? "";
      asked.push(`${request.method} ${url}`);
      if (faults.date !== undefined) response.setHeader("Date", faults.date);
      if (url === "/healthz") return json(response, 200, { status: "ok" });
      if (!url.startsWith(basePath)) return json(response, 404, {});
      const path = url.slice(basePath.length);
      if (faults.more?.(request, response) === true) return undefined;
      if (path === "/healthz") return json(response, 200, { status: "ok" });
      if (path === "/readyz") return json(response, ready ? 200 : 503, {});
      if (path === "/api/v1/server" && faults.api !== undefined) {
        return json(response, 200, faults.api);
      }
      if (path === "/api/v1/streams" && faults.streams !== undefined) {
        return json(response, 200, faults.streams);
      }
      if (polling && path.startsWith("/socket.io/?EIO=4&transport=polling")) {
        response.end(request.method === "GET" ? '0{"sid":"abc","upgrades":[]}' : "ok");
        return undefined;
      }
      return json(response, 404, {});
    },
    websocket
      ? (key, socket) => acceptUpgrade(key, socket)
      : (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
  );
  return Object.assign(server, { asked });
}

/** A configuration whose listeners all have port 0. */
export function settingsWith(
  change: {
    readonly http?: Partial<DoctorSettings["http"]>;
    readonly rtmp?: Partial<DoctorSettings["rtmp"]>;
    readonly flvTcp?: Partial<DoctorSettings["rtmp"]>;
    readonly rtc?: Partial<DoctorSettings["rtc"]>;
    readonly engine?: string;
  } = {},
): DoctorSettings {
  const listen = { enabled: true, host: "127.0.0.1", port: 0, maxConnections: 100 };
  return {
    http: {
      host: "127.0.0.1",
      port: 0,
      basePath: "",
      publicUrls: [],
      trustProxy: [],
      maxConnections: 1000,
      ...change.http,
    },
    rtmp: { ...listen, ...change.rtmp },
    flvTcp: { ...listen, ...change.flvTcp },
    rtc: { host: "127.0.0.1", port: 0, tcp: true, announcedIps: [], ...change.rtc },
    transcode: { engine: change.engine ?? "auto" },
  };
}
