/**
 * What storms do to a viewer that is there already: the gateway's delay RTMP→RTP of its packets while nothing else
 * happens, while 100 viewers join within a second, and while 100 viewers ask for everything again all the time.
 * Prints a Markdown table. Run: npm run bench -- storms
 */
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Gateway } from "../peers/gateway.ts";
import { StampedPublisher, stampMarker } from "../peers/rtmp-publisher.ts";
import { buildLoadClient, type LoadReport, runLoad } from "./load-client.ts";
import { record } from "./results.ts";
import { benchPeers, benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(6);
const viewers = benchPeers(100);
const tiers = (process.env["BENCH_TIERS"] ?? "native,node").split(",");
/** What a viewer may ask for in one list without its being taken for a request for a key frame. */
const askedAgain = 500;
/** Until the quiet viewer's window has begun. */
const headStartMs = 2500;
/** What is measured must not wait for the clients that play the storm, which have machines of their own elsewhere. */
const ownNiceness = -18;
const stormNiceness = 18;

type Storm = "none" | "watching" | "joins" | "nacks";
const storms: readonly Storm[] = ["none", "watching", "joins", "nacks"];

interface Result {
  readonly quiet: LoadReport;
  /** Packets a second that all stormers got, retransmissions included. */
  readonly stormPackets: number;
  readonly stormConnected: number;
  readonly publisherThere: boolean;
}

const program = buildLoadClient();
setPriority(ownNiceness);
console.log(
  `${rounds} interleaved rounds of ${seconds} s, ${viewers} viewers in each storm; median (lowest–highest)\n`,
);
console.log(
  "| tier | storm | delay p50 ms | p95 | p99 | lost | stormers connected | packets/s to them | publisher |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const tier of tiers) {
  const results = new Map<Storm, Result[]>(storms.map((storm) => [storm, []]));
  for (let round = 0; round < rounds; round++) {
    for (const storm of storms) results.get(storm)?.push(await measure(tier, storm));
  }
  for (const [storm, list] of results) printRow(tier, storm, list);
  if (viewers >= 100 && tier === tiers[0]) {
    const p99 = (storm: Storm) =>
      results.get(storm)?.map(({ quiet }) => quiet.latency_ms?.p99 ?? Number.NaN) ?? [];
    record("storm.join", "millrace", tier, p99("joins"));
    record("storm.nack", "millrace", tier, p99("nacks"));
  }
}

async function measure(tier: string, storm: Storm): Promise<Result> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info", "--rtc-egress", tier] });
  const publisher = await StampedPublisher.start({ port: gateway.ports.rtmp, name: "stamped" });
  const url = `${gateway.url}/whep/live/stamped`;
  try {
    const isBackground = storm === "watching" || storm === "nacks";
    const stormSeconds = seconds + 3;
    // Those who watch or storm are there before the window begins; those who join do so within it.
    const background = isBackground
      ? runLoad(
          program,
          {
            ...{ url, n: viewers, ramp: 50, seconds: stormSeconds, settle: 0.5, nack: "true" },
            storm: storm === "nacks" ? askedAgain : 0,
          },
          stormNiceness,
        )
      : undefined;
    if (isBackground) await sleep((viewers / 50) * 1000);
    const watching = runLoad(program, { url, n: 1, seconds, stamp: stampMarker.toString("hex") });
    let stormed = background;
    if (storm === "joins") {
      await sleep(headStartMs);
      const joining = { url, n: viewers, ramp: viewers, seconds: 1, settle: 0.5 };
      stormed = runLoad(program, joining, stormNiceness);
    }
    const [quiet, others] = await Promise.all([watching, stormed]);
    const streams = await gateway.api<{ streams: readonly { name: string }[] }>("streams");
    return {
      quiet,
      stormPackets: others?.packets_s ?? 0,
      stormConnected: others?.connected ?? 0,
      publisherThere: JSON.stringify(streams).includes("stamped"),
    };
  } finally {
    publisher.stop();
    await gateway.stop();
  }
}

function printRow(tier: string, storm: Storm, list: readonly Result[]): void {
  const of = (read: (result: Result) => number, digits = 2): string => {
    const values = list.map(read).sort((a, b) => a - b);
    const middle = values[values.length >> 1] ?? Number.NaN;
    return `${middle.toFixed(digits)} (${values[0]?.toFixed(digits)}–${values.at(-1)?.toFixed(digits)})`;
  };
  const delay = (read: (latency: NonNullable<LoadReport["latency_ms"]>) => number): string =>
    of(({ quiet }) => (quiet.latency_ms === undefined ? Number.NaN : read(quiet.latency_ms)));
  const cells = [
    ...[tier, storm, delay((l) => l.p50), delay((l) => l.p95), delay((l) => l.p99)],
    ...[of((r) => r.quiet.lost, 0), of((r) => r.stormConnected, 0), of((r) => r.stormPackets, 0)],
    list.every((result) => result.publisherThere) ? "there" : "LOST",
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
