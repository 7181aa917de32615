/**
 * One row of the test matrix: a built gateway under some Node, ffmpeg publishing over RTMP, a WHEP viewer and an
 * HTTP-FLV player. Prints one line of JSON, or ends with what is wrong. Started by scripts/test-matrix.mjs.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { publishWithFfmpeg } from "../peers/encoders.ts";
import { Gateway } from "../peers/gateway.ts";
import { PlainViewer } from "./plain-viewer.ts";

interface Row {
  /** Program of the Node that runs the gateway, and its flags. */
  readonly node: string;
  readonly nodeFlags: readonly string[];
  /** The built repository. */
  readonly tree: string;
  readonly flags: readonly string[];
  /** Tiers that the API may tell; empty: any. */
  readonly tiers: readonly string[];
}

const limitMs = 40_000;
/** Two seconds and more of both. */
const wantedVideoPackets = 150;
const wantedAudioPackets = 100;
const wantedFlvBytes = 150_000;

const row = JSON.parse(process.argv[2] ?? "{}") as Row;
const deadline = AbortSignal.timeout(limitMs);
const gateway = await Gateway.start({
  node: { program: row.node, flags: row.nodeFlags },
  tree: row.tree,
  flags: row.flags,
});
try {
  console.log(JSON.stringify(await watch(row)));
} finally {
  await gateway.stop();
}
const code = gateway.process.process.exitCode;
if (code !== 0) throw new Error(`the gateway ended with ${code}: ${gateway.process.said}`);

async function watch({ tiers }: Row): Promise<object> {
  const { node, egress } = await gateway.api<{ node: string; egress: string }>("server");
  if (tiers.length > 0 && !tiers.includes(egress)) {
    throw new Error(`the egress is ${egress}, not ${tiers.join(" or ")}`);
  }
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/matrix`, { width: 320, height: 180 });
  try {
    await until("the stream is live", async () => {
      const { streams } = await gateway.api<{ streams: { state: string }[] }>("streams");
      return streams[0]?.state === "live";
    });
    const flv = readFlv();
    const viewer = await PlainViewer.watch(`${gateway.url}/whep/live/matrix`);
    try {
      const { video, audio } = viewer;
      // What a busy machine lost is sent again.
      await until("pictures and sound came, and nothing is missing", async () => {
        const enough = video.packets >= wantedVideoPackets && audio.packets >= wantedAudioPackets;
        return enough && video.missing + audio.missing === 0;
      });
      return {
        node,
        egress,
        video: video.packets,
        audio: audio.packets,
        flvBytes: await flv,
      };
    } finally {
      await viewer.close();
    }
  } finally {
    await encoder.stop();
  }
}

/** Plays until there is enough. Returns how much came. */
async function readFlv(): Promise<number> {
  const { status, body } = await fetch(`${gateway.url}/live/matrix.flv`, { signal: deadline });
  if (status !== 200 || body === null) throw new Error(`HTTP-FLV: ${status}`);
  let bytes = 0;
  for await (const chunk of body) {
    if (bytes === 0 && Buffer.from(chunk).toString("latin1", 0, 3) !== "FLV") {
      throw new Error("HTTP-FLV: that is no FLV");
    }
    bytes += chunk.length;
    if (bytes >= wantedFlvBytes) break;
  }
  return bytes;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (deadline.aborted) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}
