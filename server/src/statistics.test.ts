import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { type Log, silentLog, type Transport } from "./core/index.ts";
import type { HookEvent } from "./hooks/event.ts";
import { type Site, type Watching, watch, ways } from "./test-watching.ts";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const hasFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
const isRoot = process.getuid?.() === 0;
const patience = { timeout: 20_000, interval: 50 };

interface Listed {
  readonly id: string;
  readonly transport: Transport;
  readonly clientId?: string;
  readonly visit: { readonly sessions: number; readonly bytesSent: number };
  readonly stats: {
    readonly bytesSent: number;
    readonly bytesReceived: number;
    readonly bitrateBps?: number;
    readonly codecs: readonly string[];
    readonly path?: string;
  };
}

const lines: Record<string, unknown>[] = [];
const events: HookEvent[] = [];
let gateway: Gateway;
let site: Site;
let api: string;

function notingLog(fields: object = {}): Log {
  const note = (more: object, msg: string): void => void lines.push({ ...fields, ...more, msg });
  return {
    ...silentLog,
    info: note,
    warn: note,
    error: note,
    child: (more) => notingLog({ ...fields, ...more }),
  };
}

beforeAll(async () => {
  const { config } = loadConfig({
    args: [
      ...["http", "rtmp", "rtc"].flatMap((part) => [
        `--${part}-host=127.0.0.1`,
        `--${part}-port=0`,
      ]),
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--demo"],
    ],
    readFile: () => "",
  });
  const hooks = { onEvent: (event: HookEvent) => void events.push(event) };
  gateway = await createGateway(config, { log: notingLog(), hooks });
  await gateway.start();
  const { http, rtc, rtmp } = gateway.addresses();
  site = { http: http?.port ?? 0, rtc: rtc?.port ?? 0, rtmp: rtmp?.port ?? 0 };
  api = `http://127.0.0.1:${site.http}`;
});
afterAll(() => gateway?.close());

async function listed(transport?: Transport): Promise<readonly Listed[]> {
  const query = transport === undefined ? "" : `?transport=${transport}`;
  const answer = await fetch(`${api}/api/v1/viewers${query}`);
  return ((await answer.json()) as { viewers: readonly Listed[] }).viewers;
}

async function counted(): Promise<Record<string, unknown>> {
  const stream = (await (await fetch(`${api}/api/v1/streams/live/demo`)).json()) as {
    readonly viewers: { readonly count: number; readonly byTransport: object };
  };
  const metrics = await (await fetch(`${api}/metrics`)).text();
  const told = [...metrics.matchAll(/^millrace_viewers\{transport="([^"]+)"\} (\d+)$/gm)];
  return {
    count: stream.viewers.count,
    list: (await listed()).length,
    byTransport: stream.viewers.byTransport,
    metrics: Object.fromEntries(
      told.map(([, name, count]) => [name, Number(count)]).filter(([, count]) => count !== 0),
    ),
  };
}

/** How many viewers were sent media over a transport, from the beginning on. */
async function joinsOver(way: Transport): Promise<number> {
  const metrics = await (await fetch(`${api}/metrics`)).text();
  const sample = new RegExp(`^millrace_join_seconds_count\\{transport="${way}"\\} (\\d+)$`, "m");
  return Number(sample.exec(metrics)?.[1] ?? 0);
}

/** Two viewers each: what everybody must say. */
function each(count: number): Record<string, unknown> {
  const byTransport = count === 0 ? {} : Object.fromEntries(ways.map((way) => [way, count]));
  const all = count * ways.length;
  return { count: all, list: all, byTransport, metrics: byTransport };
}

describe.runIf(hasFfmpeg || process.env["CI"])("viewers of every transport", () => {
  test("are counted alike by the API, the metrics and the log, and none when they have left", async () => {
    const watching: Watching[] = [];
    for (const way of [...ways, ...ways]) watching.push(await watch(way, site));
    await expect.poll(counted, patience).toEqual(each(2));
    const ids = new Map((await listed()).map(({ id, transport }) => [id, transport]));
    await Promise.all(watching.map((one) => one.leave()));
    await expect.poll(counted, patience).toEqual(each(0));
    for (const [id, transport] of ids) {
      const ofSession = ({ session }: { session?: unknown }): boolean => session === id;
      const told = events.filter((event) => "session" in event && event.session === id);
      expect(told, transport).toMatchObject([
        { type: "play.started", transport },
        { type: "play.ended", transport, reason: "LEFT" },
      ]);
      const logged = lines.filter(ofSession);
      expect(
        logged.filter(({ msg }) => msg === "viewer joined" || msg === "viewer left"),
        transport,
      ).toMatchObject([{ transport }, { transport, code: "LEFT" }]);
      expect(logged.at(-1)?.["bytesSent"], transport).toBeGreaterThan(1000);
    }
  });

  test.each(ways)("%s: the first media that somebody is sent is told once", async (way) => {
    const before = await joinsOver(way);
    const watching = await watch(way, site);
    await expect.poll(() => joinsOver(way), patience).toBe(before + 1);
    const enough = watching.bytesReceived() + 20_000;
    await expect.poll(() => watching.bytesReceived(), patience).toBeGreaterThan(enough);
    expect(await joinsOver(way)).toBe(before + 1);
    await watching.leave();
    await expect.poll(() => listed(way), patience).toEqual([]);
  });

  test.each(ways)(
    "%s: an administrator ends a session, which is told with that reason",
    async (way) => {
      const watching = await watch(way, site);
      const [viewer] = await listed(way);
      const ended = await fetch(`${api}/api/v1/sessions/${viewer?.id}`, { method: "DELETE" });
      expect(ended.status).toBe(204);
      expect(await listed(way)).toEqual([]);
      await expect
        .poll(
          () => events.filter((event) => "session" in event && event.session === viewer?.id),
          patience,
        )
        .toMatchObject([{ type: "play.started" }, { type: "play.ended", reason: "KICKED" }]);
      await watching.leave();
    },
  );

  test.each(ways)("%s: sessions of one client are one visit", async (way) => {
    const client = `visitor-of-${way}-0123456789`;
    const first = await watch(way, site, client);
    const [before] = await listed(way);
    expect(before).toMatchObject({ clientId: client, visit: { sessions: 1 } });
    await first.leave();
    await expect.poll(() => listed(way), patience).toEqual([]);
    const second = await watch(way, site, client);
    const [after] = await listed(way);
    expect(after).toMatchObject({ clientId: client, visit: { sessions: 2 } });
    expect(after?.visit.bytesSent).toBeGreaterThan(before?.stats.bytesSent ?? 0);
    await second.leave();
    await expect.poll(() => listed(way), patience).toEqual([]);
  });
});

interface KernelBytes {
  readonly sent: number;
  readonly received: number;
}

/** What the kernel counted for a connection or a flow, from the gateway to the client's port. Bytes of payload. */
function kernelBytes({ protocol, port }: Watching): KernelBytes {
  if (protocol === "udp")
    return { sent: flowBytes(`dport ${port}`), received: flowBytes(`sport ${port}`) };
  const { stdout } = spawnSync("ss", ["-tinH", "dst", `127.0.0.1:${port}`], { encoding: "utf8" });
  const of = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(stdout)?.[1] ?? 0);
  return { sent: of("bytes_sent") - of("bytes_retrans"), received: of("bytes_received") };
}

/** What we say of the only viewer, between two looks at what the kernel says. */
async function enclosed(
  watching: Watching,
  way: Transport,
): Promise<{ before: KernelBytes; stats: Listed["stats"]; after: KernelBytes }> {
  const before = kernelBytes(watching);
  const [viewer] = await listed(way);
  if (viewer === undefined) throw new Error("nobody watches");
  return { before, stats: viewer.stats, after: kernelBytes(watching) };
}

const enoughBytes = 30_000;
const table = `millrace_statistics_${process.pid}`;
/** IPv4 and UDP headers. */
const headerBytes = 28;

function flowBytes(name: string): number {
  const { stdout } = spawnSync("nft", ["list", "table", "inet", table], { encoding: "utf8" });
  const [, packets = 0, bytes = 0] =
    new RegExp(`udp ${name} counter packets (\\d+) bytes (\\d+)`).exec(stdout) ?? [];
  return Number(bytes) - Number(packets) * headerBytes;
}

/** Counts what loopback carries from and to a port. Rules that count change nothing. */
function countFlow(port: number): void {
  const rules = `table inet ${table} { chain counted { type filter hook input priority 0;
    udp dport ${port} counter; udp sport ${port} counter; }
}`;
  const { status, stderr } = spawnSync("nft", ["-f", "-"], { input: rules, encoding: "utf8" });
  if (status !== 0) throw new Error(`nft cannot count here: ${stderr}`);
}

describe.runIf((hasFfmpeg && isRoot) || process.env["CI"])("bytes of a viewer", () => {
  test.each(ways)("%s: are those that the kernel counted, within one percent", async (way) => {
    const watching = await watch(way, site);
    try {
      await compare(way, watching);
    } finally {
      await watching.leave();
      spawnSync("nft", ["delete", "table", "inet", table]);
    }
    await expect.poll(() => listed(way), patience).toEqual([]);
  });

  async function compare(way: (typeof ways)[number], watching: Watching): Promise<void> {
    const { protocol, port } = watching;
    // A flow is counted from here on, a connection from its beginning.
    if (protocol === "udp") countFlow(port);
    const from = await enclosed(watching, way);
    await expect
      .poll(
        async () => ((await listed(way))[0]?.stats.bytesSent ?? 0) - from.stats.bytesSent,
        patience,
      )
      .toBeGreaterThan(enoughBytes);
    // Media goes on meanwhile: what the kernel says before and after encloses what we say.
    const { before, stats, after } = await enclosed(watching, way);
    const { bytesSent, bytesReceived, codecs } = stats;
    if (protocol === "tcp") {
      expect(bytesSent).toBeGreaterThanOrEqual(0.99 * before.sent);
      expect(bytesSent).toBeLessThanOrEqual(1.01 * after.sent);
      expect(bytesReceived).toBeGreaterThanOrEqual(0.99 * before.received);
      expect(bytesReceived).toBeLessThanOrEqual(1.01 * after.received);
    } else {
      const grown = bytesSent - from.stats.bytesSent;
      expect(grown).toBeGreaterThanOrEqual(0.99 * (before.sent - from.after.sent));
      expect(grown).toBeLessThanOrEqual(1.01 * (after.sent - from.before.sent));
      expect(stats.path).toBe("udp");
    }
    // Who asks again and again has done so meanwhile.
    if (way === "ll-hls" || way === "long-poll") {
      expect(bytesReceived).toBeLessThanOrEqual(watching.bytesSent());
    } else {
      expect(bytesReceived).toBe(watching.bytesSent());
    }
    expect(codecs?.length).toBeGreaterThan(0);
    await expect
      .poll(async () => (await listed(way))[0]?.stats.bitrateBps ?? 0, patience)
      .toBeGreaterThan(10_000);
  }
});
