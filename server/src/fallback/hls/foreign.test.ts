import { spawn, spawnSync } from "node:child_process";
import { FlvDemuxer, FlvReader } from "@millrace/media/flv";
import { describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../../core/index.ts";
import { TestDoor } from "../door/test-door.ts";
import { createFmp4Outputs } from "../fmp4/index.ts";
import { createHlsOutput } from "./index.ts";

const present = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
if (!present) console.warn("ffmpeg is missing: whether it plays HLS is not tested");

interface Result {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(tool: string, args: readonly string[]): Promise<Result> {
  const child = spawn(tool, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 30_000 });
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    errors += data;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output, errors }));
  });
}

/** Publishes what ffmpeg encodes in real time until it is closed. */
function publish(door: TestDoor, name: string, args: readonly string[]): () => void {
  const publisher = door.publish(name);
  const reader = new FlvReader();
  const demuxer = new FlvDemuxer();
  const child = spawn(
    "ffmpeg",
    [
      "-v",
      "error",
      "-re",
      "-f",
      "lavfi",
      "-i",
      "testsrc2=size=320x180:rate=25",
      ...args,
      "-f",
      "flv",
      "-",
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  child.stdout.on("data", (data: Buffer) => {
    reader.receive(data);
    for (let item = reader.next(); item !== undefined; item = reader.next()) {
      if (item.type !== "tag") continue;
      const { type, timestampMs, body } = item.tag;
      for (const made of demuxer.tag(type, timestampMs, body)) {
        if (made.type === "track") publisher.setTrack(made.info);
        if (made.type === "frame") publisher.frame(made.kind, made.frame);
      }
    }
  });
  return () => child.kill("SIGKILL");
}

const encode = [
  ...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-map", "0:v", "-map", "1:a"],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"],
];

describe.skipIf(!present)("a player of plain HLS", () => {
  it("ffmpeg plays pictures and sound, B-frames too", { timeout: 60_000 }, async () => {
    const fmp4 = createFmp4Outputs({ clock: systemClock, log: silentLog });
    const hls = createHlsOutput({ fmp4, clock: systemClock, log: silentLog });
    const door = await new TestDoor({ outputs: [hls] }).listen();
    const stop = publish(door, "live/cam", [...encode, "-bf", "2"]);
    const url = `http://127.0.0.1:${door.port}/live/cam.m3u8`;
    try {
      for (let tries = 0; (door.registry.get("live/cam")?.tracks.length ?? 0) < 2; tries++) {
        if (tries > 200) throw new Error("ffmpeg publishes nothing");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const probe = await run("ffprobe", ["-v", "error", "-of", "json", "-show_streams", url]);
      const { streams } = JSON.parse(probe.output) as { streams: Record<string, unknown>[] };
      expect(streams.map(({ codec_name }) => codec_name)).toEqual(["h264", "aac"]);
      expect(streams[0]).toMatchObject({ width: 320, height: 180 });
      const { output, errors, code } = await run("ffmpeg", [
        ...["-v", "warning", "-i", url, "-t", "5"],
        ...["-map", "0:v", "-map", "0:a", "-f", "framemd5", "-"],
      ]);
      expect(code).toBe(0);
      expect(errors).not.toMatch(/error|invalid|missing|non.?monoton/i);
      const frames = output.split("\n").filter((line) => /^\d/.test(line));
      const pictures = frames.filter((line) => line.startsWith("0,"));
      expect(pictures.length).toBeGreaterThanOrEqual(110);
      expect(new Set(pictures.map((line) => line.split(",").at(-1))).size).toBe(pictures.length);
      expect(frames.filter((line) => line.startsWith("1,")).length).toBeGreaterThan(200);
    } finally {
      stop();
      await door.close();
      fmp4.close();
    }
  });
});
