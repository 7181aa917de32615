import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import express from "express";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createGateway, type Gateway, type GatewayOptions, type MountOptions } from "./index.ts";
import { listen, publishFlv, smallGateway } from "./test-host.ts";

vi.setConfig({ testTimeout: 60_000 });
// The pages need not be built for these tests.
vi.mock("../built-site.ts", async () => {
  const { madeSite } = await import("./test-host.ts");
  return { builtSite: madeSite };
});
const patience = { timeout: 20_000, interval: 20 };

const steps: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

function make(options: GatewayOptions = {}): Gateway {
  const gateway = createGateway({ ...smallGateway, http: { allowedOrigins: ["*"] }, ...options });
  steps.push(() => gateway.close());
  return gateway;
}

async function host(app: express.Express): Promise<{ server: Server; url: string }> {
  const { server, url } = await listen(app);
  steps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url };
}

/** A gateway below /video of an app that has a page of its own. */
async function mounted(
  before: (app: express.Express) => void = () => {},
  mount: (server: Server) => MountOptions = () => ({}),
) {
  const app = express();
  before(app);
  const { server, url } = await host(app);
  const gateway = make().mount(app, { path: "/video", ...mount(server) });
  app.get("/", (_request, response) => void response.send("the site's own page"));
  await gateway.start();
  return { app, server, url, gateway };
}

async function publish(url: string, gateway: Gateway, stream = "live/cam"): Promise<void> {
  const publisher = publishFlv(`${url}/video/${stream}.flv`);
  steps.push(() => publisher.destroy());
  await vi.waitFor(() => expect(gateway.streams()[0]?.tracks).toHaveLength(2), patience);
}

/** The first three bytes that a WebSocket brings. */
function firstBytes(url: string): Promise<string> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.once("message", (bytes: Buffer) => {
      resolve(bytes.subarray(0, 3).toString());
      socket.close();
    });
    socket.once("error", reject);
  });
}

const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { code: unknown }).code;

const offer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
const whip = (url: string, type = "application/sdp") =>
  fetch(`${url}/video/whip/live/cam`, {
    method: "POST",
    headers: { "Content-Type": type },
    body: offer,
  });

describe("in an Express app", () => {
  it("serves pages, API, outputs and signaling below the path, and opens no port for them", async () => {
    const { url, gateway } = await mounted();
    expect(gateway.addresses.http).toBeUndefined();
    expect(gateway.addresses.rtmp?.port).toBeGreaterThan(0);
    await publish(url, gateway);
    const page = await fetch(`${url}/video/live/cam`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('"/video/')]);
    expect(await (await fetch(`${url}/video/api/v1/streams`)).json()).toMatchObject({
      streams: [{ name: "live/cam" }],
    });
    expect((await fetch(`${url}/video/live/cam.m3u8`)).status).not.toBe(404);
    const polling = await fetch(`${url}/video/socket.io/?EIO=4&transport=polling`);
    expect([polling.status, await polling.text()]).toEqual([200, expect.stringContaining("sid")]);
    expect(await firstBytes(`${url.replace("http", "ws")}/video/live/cam.flv`)).toBe("FLV");
    expect(
      await firstBytes(`${url.replace("http", "ws")}/video/socket.io/?EIO=4&transport=websocket`),
    ).toBe('0{"');
  });

  it("leaves other routes and upgrades to the app", async () => {
    const sockets = new WebSocketServer({ noServer: true });
    const { url, server } = await mounted(undefined, (own) => ({ server: own }));
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/chat") return;
      sockets.handleUpgrade(request, socket, head, (client) => client.send("hello"));
    });
    expect(await (await fetch(url)).text()).toBe("the site's own page");
    expect((await fetch(`${url}/videos`)).status).toBe(404);
    expect(await firstBytes(`${url.replace("http", "ws")}/chat`)).toBe("hel");
  });

  it("answers an upgrade that nobody takes as the request that it is", async () => {
    const { url } = await mounted(undefined, (server) => ({ server }));
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    let text = "";
    for await (const bytes of socket) text += String(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*the site's own page$/);
  });

  it("serves upgrades from the first request on when it was not told the server", async () => {
    const { url, gateway } = await mounted();
    await publish(url, gateway);
    expect(await firstBytes(`${url.replace("http", "ws")}/video/live/cam.flv`)).toBe("FLV");
  });

  it("is found behind routers that take their own paths off", async () => {
    const app = express();
    const router = express.Router();
    const gateway = make().mount(router, { path: "/site/video/" });
    app.use("/site", router);
    const { url } = await host(app);
    await gateway.start();
    expect((await fetch(`${url}/site/video/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/site/other`)).status).toBe(404);
  });

  it("at the root takes what no route before it took", async () => {
    const app = express();
    app.get("/", (_request, response) => void response.send("own"));
    const { url, server } = await host(app);
    const gateway = make().mount(app, { server });
    await gateway.start();
    expect(await (await fetch(url)).text()).toBe("own");
    expect((await fetch(`${url}/live/cam`)).status).toBe(200);
  });

  it("answers 503 before it starts and after it closes, while the app goes on", async () => {
    const app = express();
    const { url, server } = await host(app);
    const gateway = make().mount(app, { path: "/video", server });
    app.get("/", (_request, response) => void response.send("own"));
    const early = await fetch(`${url}/video/player.js`);
    expect([early.status, await codeOf(early)]).toEqual([503, "SERVER_STARTING"]);
    await gateway.start();
    expect((await fetch(`${url}/video/healthz`)).status).toBe(200);
    await publish(url, gateway);
    const watching = await fetch(`${url}/video/live/cam.flv`);
    await gateway.close();
    await watching.arrayBuffer().catch(() => {});
    const late = await fetch(`${url}/video/healthz`);
    expect([late.status, await codeOf(late)]).toEqual([503, "SERVER_CLOSING"]);
    expect(await (await fetch(url)).text()).toBe("own");
    expect([server.listenerCount("upgrade"), server.listenerCount("clientError")]).toEqual([0, 0]);
  });

  it("is mounted once, below a path that is one", () => {
    const app = express();
    expect(() => make().mount(app, { path: "video" })).toThrow(/http\.basePath \(mount\)/);
    const gateway = make().mount(app, { path: "/video" });
    expect(() => gateway.mount(app)).toThrow("mounted once");
  });
});

describe("bodies that the app has parsed", () => {
  it.each([
    ["text", express.text({ type: "*/*" })],
    ["bytes", express.raw({ type: "*/*" })],
    ["nothing that it knows", express.json()],
  ])("as %s reach WHIP", async (_as, parser) => {
    const { url } = await mounted((app) => void app.use(parser));
    const answer = await whip(url);
    // The offer is read, and has no media.
    expect([answer.status, await codeOf(answer)]).toEqual([422, "SDP_UNSUPPORTED"]);
  });

  it("as JSON reach who takes JSON", async () => {
    const ask = (url: string) =>
      fetch(`${url}/video/rtc/v1/play/`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ streamurl: "webrtc://x/live/cam", sdp: offer }),
      }).then(async (response) => [response.status, await response.text()]);
    const plain = await mounted();
    const parsed = await mounted((app) => void app.use(express.json()));
    expect(await ask(parsed.url)).toEqual(await ask(plain.url));
  });

  it("as a form reach the password form", async () => {
    const app = express().use(express.urlencoded());
    const { url } = await host(app);
    const rules = [{ streams: "live/*", playTokens: ["open-sesame"] }];
    const gateway = make({ auth: { rules } }).mount(app, { path: "/video" });
    await gateway.start();
    const send = (password: string) =>
      fetch(`${url}/video/live/cam`, {
        method: "POST",
        body: new URLSearchParams({ password }),
        redirect: "manual",
      });
    expect((await send("wrong")).status).toBe(401);
    const right = await send("open-sesame");
    expect([right.status, right.headers.get("location")]).toEqual([303, "/video/live/cam"]);
    expect(right.headers.get("set-cookie")).toMatch(/millrace_pass=.*Path=\/video/);
  });

  it("that nobody kept are a fault of the app, which is told", async () => {
    const { url } = await mounted((app) => {
      app.use((request, _response, next) => void request.resume().once("end", () => next()));
    });
    const answer = await whip(url);
    expect([answer.status, await codeOf(answer)]).toEqual([500, "BODY_TAKEN"]);
  });
});

describe("on an HTTP server of another kind", () => {
  it("takes requests below the path, and leaves the others to the listeners that were there", async () => {
    const { server, url } = await listen((_request, response) => response.end("somebody else's"));
    steps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const gateway = make().mount(server, { path: "/video" });
    await gateway.start();
    expect(await (await fetch(`${url}/anything`)).text()).toBe("somebody else's");
    expect((await fetch(`${url}/video/healthz`)).status).toBe(200);
    await publish(url, gateway);
    expect(await firstBytes(`${url.replace("http", "ws")}/video/live/cam.flv`)).toBe("FLV");
    await gateway.close();
    expect(await (await fetch(`${url}/video/healthz`)).text()).toBe("somebody else's");
  });

  it("answers 404 where there are no others", async () => {
    const { server, url } = await listen();
    steps.push(() => server.close());
    await make().mount(server, { path: "/video" }).start();
    expect((await fetch(`${url}/anything`)).status).toBe(404);
  });
});

it("a publisher by HTTP outlives the app's time limit for requests", async () => {
  const app = express().post("/", (request) => void request.resume());
  const limits = { requestTimeout: 500, headersTimeout: 400, connectionsCheckingInterval: 100 };
  const server = createServer(limits, app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  steps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const gateway = make().mount(app, { path: "/video", server });
  await gateway.start();
  // This one is cut off; when it is, the publisher has been there for as long.
  await publish(`http://127.0.0.1:${port}`, gateway);
  const slow = connect(port, "127.0.0.1");
  slow.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  let text = "";
  for await (const bytes of slow) text += String(bytes);
  expect(text).toMatch(/^HTTP\/1\.1 408/);
  expect(gateway.streams()[0]?.state).toBe("live");
});
