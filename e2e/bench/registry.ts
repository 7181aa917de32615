/**
 * What grows with the number of streams: look-ups by name, by pattern and by session, beginning and ending, and joins on a
 * whole gateway that has 10,000 live streams beside one that has ten, in turns. Prints Markdown tables.
 * Run: npm run bench -- registry. `BENCH_ROUNDS` bounds it.
 */
import { audioTrackInfoForOpus } from "@millrace/media/opus";
import { createGateway, type Gateway } from "../../server/src/app.ts";
import { PatternIndex } from "../../server/src/auth/pattern-index.ts";
import { defaultConfig } from "../../server/src/config/index.ts";
import { type Publisher, Registry, silentLog, systemClock } from "../../server/src/core/index.ts";
import { frameAt, videoInfo } from "../../server/src/core/test-frames.ts";
import { textOffer } from "../conformance/text-offers.ts";
import { heading, median, record, spread, table } from "./results.ts";
import { benchRounds } from "./settings.ts";

const rounds = benchRounds(3);
const sizes = [10, 100, 1000, 10_000, 100_000] as const;
const lookUps = 200_000;
const few = 10;
const many = 10_000;
const joins = 200;

/** What is done with a registry of so many streams; returns how long each takes, in microseconds. */
type Deed = (size: number, registry: Registry, publishers: readonly Publisher[]) => number;

const deeds: Readonly<Record<string, Deed>> = {
  "stream by name": (size, registry) => {
    const name = received(shuffled(size).map(nameOf));
    return timed(lookUps, (turn) => registry.get(name(turn % size)));
  },
  "rule by name, and live/*": (size) => {
    const rules = Array.from({ length: size }, (_, number) => nameOf(number));
    const index = new PatternIndex([...rules, "live/*"].map((rule) => [rule, rule]));
    const name = received(shuffled(size).map(nameOf));
    return timed(lookUps, (turn) => index.find(name(turn % size)));
  },
  "session by id (kick)": (size, registry, publishers) => {
    const id = received(shuffled(size).map((number) => publishers[number]?.id as string));
    return timed(lookUps, (turn) => registry.kick(id(turn % size), "KICKED"));
  },
  "viewer comes and goes": (size, _, publishers) => {
    const order = shuffled(size);
    return timed(lookUps / 10, (turn) => {
      const stream = publishers[order[turn % size] as number]?.stream;
      stream?.addViewer({ transport: "whep", address: "192.0.2.1" }).close();
    });
  },
  "stream begins and ends": (_, registry) =>
    timed(lookUps / 100, () => {
      const publisher = registry.publish(publisherOf("live/another"));
      publisher.close("PEER_CLOSED");
    }),
};

console.log(heading(`${rounds} rounds; median (lowest–highest)`));
await lookUpTable();
await joinTable();

async function lookUpTable(): Promise<void> {
  const results = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const size of sizes) {
      const registry = new Registry({
        ...{ clock: systemClock, log: silentLog },
        limits: { maxStreams: size + 1, graceMs: 0 },
      });
      const publishers = Array.from({ length: size }, (_, number) =>
        registry.publish(publisherOf(nameOf(number))),
      );
      for (const [what, deed] of Object.entries(deeds)) {
        const key = `${what} ${size}`;
        results.set(key, [...(results.get(key) ?? []), deed(size, registry, publishers)]);
      }
      registry.close("DONE");
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const of = (what: string, size: number): number[] => results.get(`${what} ${size}`) ?? [];
  const rows = Object.keys(deeds).map((what) => [
    what,
    ...sizes.map((size) => spread(of(what, size), 3)),
    (median(of(what, many)) / median(of(what, few))).toFixed(2),
  ]);
  const names = ["µs for each", ...sizes.map((size) => size.toLocaleString("en")), "10,000 to 10"];
  console.log(`${table(names, rows)}\n`);
  record("registry.lookup", "millrace", "stream by name", [
    ...of("stream by name", many).map((us) => us * 1000),
  ]);
}

interface Place {
  readonly gateway: Gateway;
  readonly url: string;
  readonly size: number;
}

async function joinTable(): Promise<void> {
  const places = [await openPlace(few), await openPlace(many)];
  const asked: Readonly<Record<string, (place: Place, stream: string) => Promise<void>>> = {
    "HTTP-FLV, first byte": async ({ url }, stream) => {
      const stop = new AbortController();
      const answer = await fetch(`${url}/${stream}.flv`, { signal: stop.signal });
      await answer.body?.getReader().read();
      stop.abort();
    },
    "WHEP, POST and DELETE": async ({ url }, stream) => {
      const headers = { "Content-Type": "application/sdp" };
      const media = [{ kind: "audio", direction: "recvonly", codec: "opus/48000/2" }] as const;
      const body = textOffer(media);
      const answer = await fetch(`${url}/whep/${stream}`, { method: "POST", headers, body });
      await answer.text();
      const location = answer.headers.get("location");
      if (answer.status !== 201 || location === null) throw new Error(`WHEP ${answer.status}`);
      await fetch(new URL(location, url), { method: "DELETE" });
    },
    "watch page, HEAD": async ({ url }, stream) => {
      await fetch(`${url}/${stream}`, { method: "HEAD" });
    },
    "GET /api/v1/streams/NAME": async ({ url }, stream) => {
      await (await fetch(`${url}/api/v1/streams/${stream}`)).text();
    },
  };
  const rows: (string | number)[][] = [];
  try {
    for (const [what, ask] of Object.entries(asked)) {
      const took = places.map((): number[] => []);
      for (let turn = 0; turn < joins; turn++) {
        for (const [index, place] of places.entries()) {
          const beganMs = performance.now();
          await ask(place, nameOf((turn * 7919) % place.size));
          took[index]?.push(performance.now() - beganMs);
          // Sessions of one address may begin only so often.
          if (what.startsWith("WHEP")) await new Promise((resolve) => setTimeout(resolve, 60));
        }
      }
      const [a = [], b = []] = took;
      rows.push([what, quantiles(a), quantiles(b), (median(b) / median(a)).toFixed(2)]);
      if (what.startsWith("WHEP")) {
        record("registry.join", "millrace", "WHEP", [median(b) / median(a)]);
      }
    }
    for (const path of ["/api/v1/streams", "/api/v1/server", "/metrics"]) {
      const took = await Promise.all(
        places.map(async ({ url }) => {
          const times: number[] = [];
          for (let turn = 0; turn < 5; turn++) {
            const beganMs = performance.now();
            await (await fetch(url + path)).text();
            times.push(performance.now() - beganMs);
          }
          return times;
        }),
      );
      const [a = [], b = []] = took;
      rows.push([`GET ${path}`, quantiles(a), quantiles(b), (median(b) / median(a)).toFixed(2)]);
    }
  } finally {
    for (const { gateway } of places) await gateway.close();
  }
  const names = ["ms, p50 / p95", "10 live streams", "10,000 live streams", "ratio of p50"];
  console.log(table(names, rows));
}

async function openPlace(size: number): Promise<Place> {
  const usual = defaultConfig();
  const gateway = await createGateway(
    {
      ...usual,
      http: { ...usual.http, host: "127.0.0.1", port: 0 },
      rtmp: { ...usual.rtmp, enabled: false },
      flvTcp: { ...usual.flvTcp, enabled: false },
      rtc: { ...usual.rtc, host: "127.0.0.1", port: 0, tcp: false },
      turn: { ...usual.turn, enabled: false },
      transcode: { ...usual.transcode, engine: "none" },
      limits: { ...usual.limits, streams: size + 1 },
      shutdown: { drainSeconds: 0 },
    },
    { log: silentLog },
  );
  await gateway.start();
  for (let number = 0; number < size; number++) {
    const publisher = gateway.registry.publish(publisherOf(nameOf(number)));
    publisher.setTrack(videoInfo());
    publisher.setTrack(audioTrackInfoForOpus(2));
    for (let frame = 0; frame < 3; frame++) {
      publisher.frame("video", frameAt(frame * 40, { key: frame === 0 }));
    }
  }
  return { gateway, url: `http://127.0.0.1:${gateway.addresses().http?.port}`, size };
}

function publisherOf(stream: string): Parameters<Registry["publish"]>[0] {
  return { stream, transport: "rtmp", address: "192.0.2.1", onKick: () => {} };
}

function nameOf(number: number): string {
  return `live/stream-${String(number).padStart(6, "0")}`;
}

/** Texts of one length as they come from the network: bytes, of which a new string is made each time. */
function received(texts: readonly string[]): (index: number) => string {
  const bytes = Buffer.from(texts.join(""), "latin1");
  const length = texts[0]?.length ?? 0;
  return (index) => bytes.toString("latin1", index * length, (index + 1) * length);
}

/** All numbers below `size` in an order that no cache foresees, the same in each run. */
function shuffled(size: number): number[] {
  const numbers = Array.from({ length: size }, (_, number) => number);
  let random = 1;
  for (let at = size - 1; at > 0; at--) {
    random = (random * 48_271) % 2_147_483_647;
    const other = random % (at + 1);
    const kept = numbers[at] as number;
    numbers[at] = numbers[other] as number;
    numbers[other] = kept;
  }
  return numbers;
}

/** Microseconds that one of `turns` takes, once everything was asked for once. */
function timed(turns: number, deed: (turn: number) => unknown): number {
  for (let turn = 0; turn < turns / 2; turn++) deed(turn);
  const beganMs = performance.now();
  for (let turn = 0; turn < turns; turn++) deed(turn);
  return ((performance.now() - beganMs) * 1000) / turns;
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${median(values).toFixed(2)} / ${(sorted[Math.floor(sorted.length * 0.95)] ?? 0).toFixed(2)}`;
}
