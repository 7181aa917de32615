/**
 * Fan-out over TCP next to servers that Debian has, in turns, the same 2.6 Mbit/s of stamped pictures to all:
 * RTMP players next to nginx-rtmp's, and a thousand listeners of one stream of bytes over HTTP next to Icecast's.
 * Players are sockets of one C program (load/flvload.c). Prints Markdown tables. Run: npm run bench -- tcp-peers.
 * `BENCH_ROUNDS`, `BENCH_SECONDS` and `BENCH_PEERS` (players) bound it.
 */
import { Icecast } from "../peers/icecast.ts";
import { NginxRtmp } from "../peers/nginx-rtmp.ts";
import type { FigureId } from "./figure-list.ts";
import { type FlvServer, feed, picture, play, rssMb, startMillrace } from "./http-load.ts";
import { heading, type Role, record, spread, table, versionOf } from "./results.ts";
import { benchPeers, benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(10);
const bound = benchPeers(1000);
const rtmpPlayers = Math.min(300, bound);
const listeners = Math.min(1000, bound);
/** A source lives as long as its server is measured, and no longer than this. */
const longestSeconds = 1500;
const mount = "/stamped";

interface Kind {
  readonly name: string;
  readonly role: Role;
  start(): Promise<FlvServer>;
}

interface Played {
  readonly playing: number;
  readonly cpuPercent: number;
  readonly kilobytesEach: number;
  readonly megabits: number;
  readonly delayMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly clientCpuPercent: number;
}

interface FigureIds {
  readonly cpu: FigureId;
  readonly delay: FigureId;
  readonly memory: FigureId;
}

const overHttp: Kind = { name: "Millrace, HTTP-FLV", role: "millrace", start: startMillrace };
const overRtmp: Kind = {
  ...{ name: "Millrace, RTMP", role: "millrace" },
  async start() {
    const server = await startMillrace();
    return asRtmp(server, server.rtmpPort ?? 0);
  },
};
const nginx: Kind = {
  ...{ name: `nginx ${versionOf("/usr/sbin/nginx", ["-v"])} with its RTMP module`, role: "peer" },
  async start() {
    const server = await NginxRtmp.start();
    const { process: peer, port } = server;
    const reached = { httpPort: port, flvPort: undefined, rtmpPort: port, firstPath: "" };
    const about = { name: "nginx", pid: peer.process.pid ?? 0, ...reached };
    return asRtmp({ ...about, stop: () => server.stop() }, port);
  },
};
const icecast: Kind = {
  ...{ name: `icecast ${versionOf("icecast2", ["-v"])}`, role: "peer" },
  async start() {
    const server = await Icecast.start();
    const { process: peer, port } = server;
    return {
      ...{ name: "icecast", pid: peer.process.pid ?? 0, httpPort: port, flvPort: port },
      ...{ rtmpPort: undefined, firstPath: mount },
      request: server.sourceRequest(mount, "video/x-flv"),
      stop: () => server.stop(),
    };
  },
};

console.log(
  heading(
    `${rounds} interleaved rounds of ${seconds} s; median (lowest–highest). ${picture.fps} pictures a second, 2.6 Mbit/s`,
  ),
);
await compare(
  `${rtmpPlayers} players of one stream that is published over RTMP`,
  [overRtmp, overHttp, ...present(nginx, NginxRtmp.isInstalled, "libnginx-mod-rtmp nginx-light")],
  rtmpPlayers,
  { cpu: "rtmp-play.cpu", delay: "rtmp-play.delay.p50", memory: "rtmp-play.memory" },
);
await compare(
  `${listeners} listeners of one stream over HTTP`,
  [overHttp, ...present(icecast, Icecast.isInstalled, "icecast2")],
  listeners,
  { cpu: "stream.cpu", delay: "stream.delay.p50", memory: "stream.memory" },
);

function asRtmp(server: FlvServer, port: number): FlvServer {
  return { ...server, httpPort: port, firstPath: "rtmp:live/stamped" };
}

function present(kind: Kind, isInstalled: boolean, packages: string): Kind[] {
  if (isInstalled) return [kind];
  console.log(`Left out: apt-get install ${packages}.`);
  return [];
}

/** Every round has a fresh server of each kind, one after the other; who is first changes. */
async function compare(
  title: string,
  kinds: readonly Kind[],
  players: number,
  figures: FigureIds,
): Promise<void> {
  const results = new Map<Kind, Played[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const server = await kind.start();
      try {
        results.get(kind)?.push(await watch(server, players));
      } finally {
        await server.stop();
      }
    }
  }
  console.log(`### ${title}\n\n${printed(results)}\n`);
  if (players >= 300) keep(results, players, figures);
}

async function watch(server: FlvServer, players: number): Promise<Played> {
  const stop = await feed(server, longestSeconds);
  try {
    // The first ones compile the code, and what is kept for newcomers is there.
    await play({ server, path: server.firstPath, players: Math.min(10, players), seconds: 1 });
    const beforeMb = rssMb(server.pid);
    const played = await play({ server, path: server.firstPath, players, seconds });
    return { ...played, kilobytesEach: ((played.rssMb - beforeMb) * 1024) / players };
  } finally {
    await stop();
  }
}

function printed(results: ReadonlyMap<Kind, readonly Played[]>): string {
  const columns: readonly (readonly [string, (played: Played) => number, number])[] = [
    ["players", ({ playing }) => playing, 0],
    ["CPU %", ({ cpuPercent }) => cpuPercent, 1],
    ["kB per player", ({ kilobytesEach }) => kilobytesEach, 0],
    ["Mbit/s", ({ megabits }) => megabits, 0],
    ["added delay p50 ms", ({ delayMs }) => delayMs.p50, 2],
    ["p95", ({ delayMs }) => delayMs.p95, 2],
    ["p99", ({ delayMs }) => delayMs.p99, 2],
    ["client CPU %", ({ clientCpuPercent }) => clientCpuPercent, 0],
  ];
  const rows = [...results].map(([{ name }, list]) => [
    name,
    ...columns.map(([, read, digits]) => spread(list.map(read), digits)),
  ]);
  return table(["server", ...columns.map(([name]) => name)], rows);
}

function keep(
  results: ReadonlyMap<Kind, readonly Played[]>,
  players: number,
  { cpu, delay, memory }: FigureIds,
): void {
  // What is said of RTMP players is said of a hundred of them.
  const share = cpu === "rtmp-play.cpu" ? 100 / players : 1;
  for (const [{ name, role }, list] of results) {
    record(
      cpu,
      role,
      name,
      list.map(({ cpuPercent }) => cpuPercent * share),
    );
    record(
      delay,
      role,
      name,
      list.map(({ delayMs }) => delayMs.p50),
    );
    record(
      memory,
      role,
      name,
      list.map(({ kilobytesEach }) => kilobytesEach),
    );
  }
}
