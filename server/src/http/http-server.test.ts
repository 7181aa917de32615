import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Rig, type RigOptions, readAll, startRig } from "./test-rig.ts";

let rig: Rig;
const start = async (options: RigOptions = {}): Promise<Rig> => {
  rig = await startRig(options);
  return rig;
};
afterEach(() => rig.close());

const close = "Connection: close\r\n\r\n";

describe("requests on a raw socket", () => {
  it("may be absolute-form or origin-form (row 1), and the host of the target counts", async () => {
    const hosts: (string | undefined)[] = [];
    await start({
      front: {
        handlers: [
          async (request) => {
            hosts.push(`${request.headers.host} ${request.url}`);
            return false;
          },
        ],
      },
    });
    const absolute = `GET http://there.example:81/healthz?x HTTP/1.1\r\nHost: other\r\n${close}`;
    expect(await rig.raw(absolute)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(await rig.raw(`GET /healthz HTTP/1.1\r\nHost: here\r\n${close}`)).toMatch(
      /^HTTP\/1.1 200 /,
    );
    expect(await rig.raw(`GET http://there.example HTTP/1.1\r\nHost: x\r\n${close}`)).toMatch(
      / 200 /,
    );
    expect(hosts).toEqual(["there.example:81 /healthz?x", "here /healthz", "there.example /"]);
  });

  it("need a Host header on HTTP/1.1: 400 and the socket is closed (row 2)", async () => {
    await start();
    expect(await rig.raw("GET /healthz HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect(await rig.raw("GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(["ftp://a/b", "http://", "http://user@host/x", "nonsense"])(
    "with target %s: 400",
    async (target) => {
      await start();
      const answer = await rig.raw(`GET ${target} HTTP/1.1\r\nHost: a\r\n${close}`);
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
    },
  );

  it("share one connection (row 3)", async () => {
    await start();
    const socket = await rig.connect();
    for (const path of ["/healthz", "/live/cam", "/api/v1/streams"]) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const head = await readAll(socket, "\r\n\r\n");
      expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      expect(head.toLowerCase()).toContain("connection: keep-alive");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      let rest = head.slice(head.indexOf("\r\n\r\n") + 4);
      while (rest.length < length)
        rest += await once(socket, "data").then(([part]) => String(part));
      expect(rest).toHaveLength(length);
      socket.removeAllListeners("data");
    }
    expect(rig.http.connections).toBe(1);
    socket.destroy();
  });

  it("may come one byte at a time (row 4)", async () => {
    await start();
    const socket = await rig.connect();
    socket.setNoDelay(true);
    for (const byte of `GET /healthz HTTP/1.1\r\nHost: a\r\n${close}`) {
      await new Promise<void>((resolve) => socket.write(byte, () => resolve()));
    }
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 /);
  });

  it("that are no HTTP are answered 400", async () => {
    await start();
    expect(await rig.raw("\u0016\u0003\u0001\u0002 hello\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("limits", () => {
  it("a header may have maxHeaderBytes and no more", async () => {
    await start({ limits: { maxHeaderBytes: 4096 } });
    const ask = (padding: number) =>
      rig.raw(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(padding)}\r\n${close}`);
    expect(await ask(3900)).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(4200)).toMatch(/^HTTP\/1.1 431 /);
  });

  it("a slow header is answered 408, and others are served meanwhile (row 93)", async () => {
    await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 300 } });
    const slow = await Promise.all(Array.from({ length: 100 }, () => rig.connect()));
    for (const socket of slow) socket.write("GET /healthz HTTP/1.1\r\nHo");
    const answers = slow.map((socket) => readAll(socket));
    expect((await rig.get("/healthz")).status).toBe(200);
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it("a slow body is cut off", async () => {
    await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 300 } });
    const socket = await rig.connect();
    socket.write("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx");
    await readAll(socket);
    expect(socket.destroyed || socket.readableEnded).toBe(true);
  });

  it("there are maxConnections and no more", async () => {
    await start({ limits: { maxConnections: 3 } });
    const kept: Socket[] = [];
    for (let index = 0; index < 3; index++) kept.push(await rig.connect());
    const refused = await rig.connect();
    expect(await readAll(refused)).toBe("");
    expect(rig.http.connections).toBe(3);
    kept[0]?.destroy();
    if (kept[0] !== undefined) await once(kept[0], "close");
    while (rig.http.connections > 2) await new Promise((resolve) => setImmediate(resolve));
    expect((await rig.get("/healthz")).status).toBe(200);
    for (const socket of kept) socket.destroy();
  });

  it("an upgrade that nobody takes is refused and closed", async () => {
    await start();
    const upgrade =
      "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    expect(await rig.raw(upgrade)).toMatch(/^HTTP\/1.1 404 /);
  });
});

describe("the end", () => {
  it("lets a request under way finish, says close, and takes nobody new", async () => {
    let finish = (): void => {};
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await start({
      front: {
        handlers: [
          async (_request, response) => {
            arrived();
            await new Promise<void>((resolve) => {
              finish = resolve;
            });
            response.writeHead(200, { "Content-Length": 4 }).end("done");
            return true;
          },
        ],
      },
    });
    const answer = rig.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await arrival;
    const idle = await rig.connect();
    const closing = rig.http.close(10_000);
    expect(rig.http.isDraining).toBe(true);
    await expect(fetch(`${rig.url}/healthz`)).rejects.toThrow();
    finish();
    expect(await answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*done$/);
    idle.destroy();
    await closing;
    expect(rig.http.connections).toBe(0);
  });

  it("cuts off what does not end in time, and may come twice", async () => {
    await start({ front: { handlers: [() => new Promise<boolean>(() => {})] } });
    const answer = rig.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while (rig.http.connections === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([rig.http.close(20), rig.http.close(20)]);
    expect(await answer).toBe("");
    expect(rig.http.connections).toBe(0);
  });

  it("rejects when the port is taken", async () => {
    await start();
    const { HttpServer } = await import("./http-server.ts");
    const { silentLog, systemClock } = await import("../core/index.ts");
    const other = new HttpServer({ log: silentLog, clock: systemClock, listener: () => {} });
    await expect(other.listen(rig.port, "127.0.0.1")).rejects.toThrow("EADDRINUSE");
    await other.close();
  });
});
