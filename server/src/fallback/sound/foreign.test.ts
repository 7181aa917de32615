import { AdtsReader, ascFromAdts, audioTrackInfoFromAsc } from "@millrace/media/aac";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { eventually, type Rig, startRig, turns } from "../pictures/test-rig.ts";
import { complaints, has, make, Tool } from "../pictures/test-tool.ts";
import { createSoundOutput, type SoundOutput } from "./index.ts";
import { mp3Info } from "./test-sound.ts";

vi.setConfig({ testTimeout: 90_000 });

const hasFfmpeg = has("ffmpeg") && has("ffprobe");
const seconds = 6;
let rig: Rig<SoundOutput>;
const tools: Tool[] = [];

afterEach(async () => {
  for (const tool of tools.splice(0)) await tool.stop();
  await rig.close();
});

function run(command: string, ...args: readonly string[]): Tool {
  const tool = new Tool(command, args);
  tools.push(tool);
  return tool;
}

const sine = ["-v", "error", "-f", "lavfi", "-i", `sine=f=440:r=48000:d=${seconds}`, "-ac", "2"];

async function start(): Promise<void> {
  rig = await startRig((clock) => createSoundOutput({ clock, log: silentLog }));
}

/** Publishes frames and lets their time pass, then ends the stream. */
async function play(frames: readonly Uint8Array[], frameMs: number): Promise<void> {
  for (const [index, payload] of frames.entries()) {
    const us = Math.round(index * frameMs * 1000);
    rig.publisher.frame("audio", { ptsUs: us, dtsUs: us, key: true, payload: [payload] });
    rig.clock.advance(frameMs);
    if (index === frames.length >> 1) rig.output.titles.set(rig.stream, "Second half: it's loud");
    if (index % 4 === 0) await turns(2);
  }
  rig.stream.end("PUBLISHER_LEFT");
}

/** Cuts MPEG-1 layer III at 48 kHz, which has no padding, behind the encoder's tag. */
function mp3Frames(bytes: Uint8Array): Uint8Array[] {
  const kbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
  const frames: Uint8Array[] = [];
  for (let at = 0; bytes[at] === 0xff; ) {
    const size = 3 * (kbps[(bytes[at + 2] ?? 0) >> 4] ?? 0);
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frames;
}

describe.runIf(hasFfmpeg)("foreign readers", () => {
  it("ffmpeg decodes all of .aac, through the metadata", async () => {
    const reader = new AdtsReader();
    const found = reader.receive(make("ffmpeg", [...sine, "-b:a", "128k", "-f", "adts", "-"]));
    found.push(...reader.end());
    const [first] = found;
    const asc = first === undefined ? undefined : ascFromAdts(first.header);
    if (asc === undefined) throw new Error("no AAC");
    await start();
    rig.publisher.setTrack(audioTrackInfoFromAsc(asc));
    const url = `http://127.0.0.1:${rig.port}/live/cam.aac`;
    const tool = run("ffmpeg", "-v", "warning", "-i", url, "-f", "framecrc", "-");
    await eventually(() => rig.output.stats.sessions === 1);
    await play(
      found.map(({ data }) => data),
      1024 / 48,
    );
    const { code, out, err } = await tool.ended;
    expect({ code, complaints: complaints(err) }).toEqual({ code: 0, complaints: [] });
    expect(out).toContain("#sample_rate 0: 48000");
    expect(out.split("\n").filter((line) => /^0,/.test(line))).toHaveLength(found.length);
  });

  it("ffprobe reads .mp3, its name, rate and title", async () => {
    const frames = mp3Frames(
      make("ffmpeg", [
        ...sine,
        "-c:a",
        "libmp3lame",
        "-b:a",
        "128k",
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
        "-f",
        "mp3",
        "-",
      ]),
    );
    expect(frames.length).toBeGreaterThan((seconds * 1000) / 24 - 2);
    await start();
    rig.publisher.setTrack(mp3Info);
    const url = `http://127.0.0.1:${rig.port}/live/cam.mp3`;
    const show = [
      "-count_packets",
      "-show_entries",
      "stream=codec_name,sample_rate,channels,nb_read_packets:format_tags",
      "-of",
      "default=nw=1",
    ];
    const tool = run("ffprobe", "-v", "warning", ...show, url);
    await eventually(() => rig.output.stats.sessions === 1);
    await play(frames, 24);
    const { code, out } = await tool.ended;
    expect(code).toBe(0);
    expect(out).toContain("codec_name=mp3");
    expect(out).toContain("sample_rate=48000");
    expect(out).toContain(`nb_read_packets=${frames.length}`);
    expect(out).toContain("TAG:icy-name=live/cam");
    expect(out).toContain("TAG:icy-pub=0");
    expect(out).toMatch(/TAG:StreamTitle=(live\/cam|Second half: it's loud)/);
  });
});
