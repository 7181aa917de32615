import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { systemClock } from "../core/clock.ts";
import { silentLog } from "../core/log.ts";
import { createFront, type FrontOptions } from "./front.ts";
import { type HttpLimits, HttpServer } from "./http-server.ts";
import { Site } from "./site.ts";
import { FakeAdmin, fakeOperations } from "./test-admin.ts";

export const watchPage: string = `<!doctype html><html><head><meta name="millrace-base" content=""><meta name="millrace-public" content="">
<script type="module" src="/player.js"></script></head><body>watch${" ".repeat(600)}</body></html>`;

const files: Readonly<Record<string, string>> = {
  "index.html": "<!doctype html><title>index</title>",
  "watch.html": watchPage,
  "embed.html": watchPage.replace("watch", "embed"),
  "publish.html": watchPage.replace("watch", "publish"),
  "doctor.html": watchPage.replace("watch", "doctor"),
  "admin.html": watchPage.replace("watch", "admin"),
  "capacity.html": watchPage.replace("watch", "capacity"),
  "player.js": `export {}; // ${"player ".repeat(200)}`,
  "assets/player-abc123.css": "body { color: red }",
};

export interface RigOptions {
  readonly front?: Partial<FrontOptions>;
  readonly trustProxy?: readonly string[];
  readonly origins?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  readonly withoutSite?: boolean;
}

/** A server on a free port of loopback with a small site and made-up documents. */
export interface Rig {
  readonly port: number;
  readonly url: string;
  readonly http: HttpServer;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** Sends bytes and reads until the server closes or `until` has come. */
  raw(bytes: string, until?: string): Promise<string>;
  connect(): Promise<Socket>;
  close(): Promise<void>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-site-"));
  for (const [name, content] of options.withoutSite ? [] : Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const trust = new ProxyTrust(options.trustProxy ?? []);
  const http = new HttpServer({
    log: silentLog,
    clock: systemClock,
    limits: options.limits ?? {},
    listener: createFront({
      log: silentLog,
      access: { authorize: async () => {} },
      admin: new FakeAdmin(),
      operations: fakeOperations,
      documents: {
        streamSummary: (name) =>
          name === "live/cam"
            ? { state: "live", codecs: ["avc1.42e01f", "opus"] }
            : { state: "offline", codecs: [] },
      },
      metrics: { type: "text/plain; version=0.0.4", text: async () => "up 1\n" },
      site: new Site(folder),
      trust,
      origins: new OriginPolicy(options.origins ?? "*", trust),
      frameAncestors: "*",
      basePath: "",
      ownHosts: new Set(),
      isReady: () => true,
      handlers: [],
      ...options.front,
    }),
  });
  const { port } = await http.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  return {
    port,
    url,
    http,
    connect: open,
    get: (path, headers = {}, method = "GET") => fetch(url + path, { headers, method }),
    async raw(bytes, until) {
      const socket = await open();
      socket.write(bytes);
      const text = await readAll(socket, until);
      socket.destroy();
      return text;
    },
    async close() {
      await http.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Reads until the other side ends, or until `until` has come. */
export async function readAll(socket: Socket, until?: string): Promise<string> {
  let text = "";
  socket.setEncoding("latin1");
  await new Promise<void>((resolve) => {
    const settle = (): void => resolve();
    socket.once("close", settle);
    socket.once("end", settle);
    socket.on("error", settle);
    socket.on("data", (part: string) => {
      text += part;
      if (until !== undefined && text.includes(until)) resolve();
    });
  });
  return text;
}
