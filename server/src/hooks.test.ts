import { spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { type Log, silentLog } from "./core/index.ts";
import type { GatewayHooks } from "./hooks/index.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
const key = "a-key-that-nobody-may-see";

const steps: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

/** A back end that answers as it is told to, and everything that it was sent. */
class BackEnd extends EventEmitter {
  readonly asked: Record<string, unknown>[] = [];
  readonly events: Record<string, unknown>[] = [];
  answer: (question: Record<string, unknown>) => object = () => ({ allow: true });
  url = "";

  async start(): Promise<void> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      if (body["type"] === "ask") {
        this.asked.push(body);
        response.end(JSON.stringify(this.answer(body)));
      } else {
        this.events.push(body);
        response.end();
        this.emit("event");
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    steps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async event(type: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.events.find((one) => one["type"] === type);
      if (found !== undefined) return found;
      await once(this, "event");
    }
  }
}

class Lines {
  readonly lines: string[] = [];
  readonly log: Log = {
    ...silentLog,
    ...Object.fromEntries(
      ["error", "warn", "info", "debug"].map((level) => [
        level,
        (fields: object, message: string) => this.lines.push(JSON.stringify([fields, message])),
      ]),
    ),
    child: () => this.log,
  };
}

async function start(options: {
  readonly args: readonly string[];
  readonly log?: Log;
  readonly hooks?: GatewayHooks;
}): Promise<{ gateway: Gateway; site: string; rtmp: string }> {
  const hosts = ["http", "rtmp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...hosts,
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none"],
      ...["--shutdown-drain-seconds=1", ...options.args],
    ],
    readFile: () => "",
  });
  const { log = silentLog, hooks } = options;
  const gateway = await createGateway(config, { log, ...(hooks && { hooks }) });
  steps.push(() => gateway.close());
  await gateway.start();
  const { http, rtmp } = gateway.addresses();
  return {
    gateway,
    site: `http://127.0.0.1:${http?.port}`,
    rtmp: `rtmp://127.0.0.1:${rtmp?.port}/live`,
  };
}

function publish(url: string): { readonly ended: Promise<unknown> } {
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=s=160x120:r=10"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"],
      ...["-pix_fmt", "yuv420p", "-f", "flv", url],
    ],
    { stdio: "ignore" },
  );
  const ended = once(child, "close");
  steps.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { ended };
}

/** The first bytes of an endless answer. */
async function watch(url: string): Promise<{ response: Response; abort: AbortController }> {
  const abort = new AbortController();
  steps.push(() => abort.abort());
  for (;;) {
    const response = await fetch(url, { signal: abort.signal });
    if (response.status !== 404) return { response, abort };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe.runIf(hasFfmpeg)("a back end", () => {
  test("gives a publisher another name, and its key is seen nowhere (row 97)", async () => {
    const backEnd = new BackEnd();
    await backEnd.start();
    backEnd.answer = ({ stream }) =>
      stream === `live/${key}`
        ? { allow: true, stream: "live/cam", user: "eva" }
        : { allow: false };
    const lines = new Lines();
    const { gateway, site, rtmp } = await start({
      args: [`--hooks-publish-url=${backEnd.url}`, `--hooks-event-urls=${backEnd.url}/events`],
      log: lines.log,
    });
    publish(`${rtmp}/${key}`);
    const { response, abort } = await watch(`${site}/live/cam.flv`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString("latin1", 0, 3)).toBe("FLV");
    const api = await (await fetch(`${site}/api/v1/streams/live/cam`)).text();
    expect(api).toContain('"rtmp"');
    expect(api).not.toContain(key);
    abort.abort();
    await reader?.closed.catch(() => {});
    expect(await backEnd.event("play.ended")).toMatchObject({
      stream: "live/cam",
      transport: "http-flv",
      address: "127.0.0.1",
      seconds: expect.any(Number),
    });
    // Whoever asks for the key's name learns nothing.
    expect(lines.lines.filter((line) => line.includes(key))).toEqual([]);
    expect((await fetch(`${site}/live/${key}.flv`)).status).toBe(404);
    await gateway.close();
    const types = backEnd.events.map(({ type }) => type);
    const order = ["stream.live", "publish.started", "play.started", "play.ended", "stream.ended"];
    expect(types.filter((type) => order.includes(String(type)))).toEqual(order);
    expect(types.filter((type) => type === "publish.ended")).toHaveLength(1);
    expect(backEnd.events.find(({ type }) => type === "publish.started")).toMatchObject({
      stream: "live/cam",
      transport: "rtmp",
      user: "eva",
    });
    expect(new Set(backEnd.events.map(({ id }) => id)).size).toBe(backEnd.events.length);
    expect(JSON.stringify(backEnd.events)).not.toContain(key);
    expect(lines.lines.length).toBeGreaterThan(0);
  });

  test("refuses a publisher, and a viewer is told why", async () => {
    const backEnd = new BackEnd();
    await backEnd.start();
    const { site, rtmp } = await start({
      args: [`--hooks-publish-url=${backEnd.url}`, `--hooks-play-url=${backEnd.url}`, "--demo"],
    });
    backEnd.answer = () => ({ allow: false, reason: "Pay first." });
    await publish(`${rtmp}/cam?token=shown`).ended;
    expect(backEnd.asked[0]).toMatchObject({
      action: "publish",
      stream: "live/cam",
      transport: "rtmp",
      token: "shown",
    });
    const refused = await fetch(`${site}/live/demo.flv`);
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { code: "HOOK_DENIED", detail: "Pay first." },
    ]);
    // Looking is not playing.
    const before = backEnd.asked.length;
    await fetch(`${site}/api/v1/streams/live/demo`);
    await fetch(`${site}/live/demo`, { method: "HEAD" });
    expect(backEnd.asked).toHaveLength(before);
  });

  test("gives a viewer some time only", async () => {
    const backEnd = new BackEnd();
    await backEnd.start();
    backEnd.answer = () => ({ allow: true, ttlMs: 500 });
    const { site, gateway } = await start({
      args: [`--hooks-play-url=${backEnd.url}`, "--demo"],
    });
    const { response } = await watch(`${site}/live/demo.flv`);
    expect(response.status).toBe(200);
    const bytes = await response.arrayBuffer().then(
      ({ byteLength }) => byteLength,
      () => 0,
    );
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(gateway.registry.get("live/demo")?.viewers.size).toBe(0);
  });
});

test("functions of the same process decide and are told", async () => {
  const told: string[] = [];
  const happened = new EventEmitter();
  const { site, gateway } = await start({
    args: ["--demo"],
    hooks: {
      onPlay: async ({ token }) => token === "let-me-in" || { allow: false, reason: "Who?" },
      onEvent: ({ type }) => {
        told.push(type);
        happened.emit(type);
      },
    },
  });
  expect((await fetch(`${site}/live/demo.flv`)).status).toBe(403);
  const { response, abort } = await watch(`${site}/live/demo.flv?token=let-me-in`);
  expect(response.status).toBe(200);
  const ended = once(happened, "play.ended");
  abort.abort();
  await ended;
  await gateway.close();
  expect(told.filter((type) => /^(publish|play|stream\.(live|ended))/.test(type))).toEqual([
    ...["stream.live", "publish.started", "play.started", "play.ended"],
    ...["publish.ended", "stream.ended"],
  ]);
});
