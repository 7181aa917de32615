import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import { Registry } from "../core/registry.ts";
import { RtmpServer } from "./listener.ts";

vi.setConfig({ testTimeout: 90_000 });

/** Whether a tool is there; in CI it has to be. */
function has(command: string, ...args: readonly string[]): boolean {
  const found = spawnSync(command, args, { stdio: "ignore" }).status === 0;
  if (!found && process.env["CI"] === undefined)
    console.warn(`skipped: no ${command} ${args.join(" ")}`);
  return found || process.env["CI"] !== undefined;
}

const hasFfmpeg = has("ffmpeg", "-version") && has("ffprobe", "-version");
const hasRtmpSink = has("gst-inspect-1.0", "--exists", "rtmpsink");
const hasRtmp2Sink = has("gst-inspect-1.0", "--exists", "rtmp2sink");

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<{
  url: string;
  registry: Registry;
  userAgents: (string | undefined)[];
}> {
  const registry = new Registry({ clock: systemClock, log: silentLog });
  const userAgents: (string | undefined)[] = [];
  const server = new RtmpServer({
    registry,
    access: {
      authorize: async ({ token, userAgent }) => {
        userAgents.push(userAgent);
        if (token === "wrong") throw new RefusedError("UNAUTHORIZED", 401, "Wrong token.");
      },
    },
    clock: systemClock,
    log: silentLog,
    limits: { drainTimeoutMs: 200 },
  });
  const { port } = await server.listen(0, "127.0.0.1");
  closing.push(async () => {
    await server.close("SHUTDOWN");
    registry.close("SHUTDOWN");
  });
  return { url: `rtmp://127.0.0.1:${port}/live/cam`, registry, userAgents };
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves with the exit code and all that was said. */
  readonly done: Promise<{ code: number | null; text: string }>;
}

function run(command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  const done = once(child, "close").then(([code]) => ({ code: code as number | null, text }));
  closing.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await done;
  });
  return { child, done };
}

const ffmpeg = (...args: readonly string[]): Running =>
  run("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", ...args]);
const picture = (size = "320x180", rate = 25): string[] => [
  "-f",
  "lavfi",
  "-i",
  `testsrc=size=${size}:rate=${rate}`,
];
const beep = (rate: number): string[] => [
  "-f",
  "lavfi",
  "-i",
  `sine=frequency=440:sample_rate=${rate}`,
];
const x264 = (...more: readonly string[]): string[] => [
  "-pix_fmt",
  "yuv420p",
  "-c:v",
  "libx264",
  "-preset",
  "ultrafast",
  ...more,
];

async function eventually(condition: () => boolean, what: string): Promise<void> {
  const expired = AbortSignal.timeout(60_000);
  while (!condition()) {
    if (expired.aborted) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(!hasFfmpeg)("ffmpeg", () => {
  it.each([
    ["baseline", "avc1.42c0", 44_100, 1, false],
    ["main", "avc1.4d40", 48_000, 2, false],
    ["high", "avc1.6400", 44_100, 2, true],
  ] as const)(
    "publishes H.264 %s with AAC (row 62)",
    async (profile, codec, sampleRate, channels, reorders) => {
      const { url, registry, userAgents } = await start();
      const bFrames = reorders ? ["-bf", "2"] : ["-bf", "0"];
      const publisher = ffmpeg(
        ...picture(),
        ...beep(sampleRate),
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-profile:v",
        profile,
        "-g",
        "25",
        ...bFrames,
        "-c:a",
        "aac",
        "-ar",
        String(sampleRate),
        "-ac",
        String(channels),
        "-t",
        "2",
        "-f",
        "flv",
        `${url}?token=T`,
      );
      const { code, text } = await publisher.done;
      expect(text.replace(/.*Failed to update header.*\n/g, "")).toBe("");
      expect(code).toBe(0);
      const stream = registry.get("live/cam");
      const [video, audio] = stream?.tracks ?? [];
      expect(video?.info).toMatchObject({ codec: "h264", width: 320, height: 180 });
      expect(video?.info.codecString.slice(0, codec.length)).toBe(codec);
      expect(audio?.info).toMatchObject({ codec: "aac", sampleRate, channels });
      expect(video?.totals.frames).toBe(50);
      expect(audio?.totals.frames).toBeGreaterThan(80);
      expect(video?.reorders).toBe(reorders);
      expect(userAgents[0]).toMatch(/Lavf/);
    },
  );

  it("publishes the video generator of row 106, MP3 sound included", async () => {
    const { url, registry } = await start();
    const publisher = ffmpeg(
      ...picture("800x600", 25),
      ...beep(44_100),
      ...x264("-profile:v", "baseline", "-level", "3.0", "-g", "50"),
      "-c:a",
      "libmp3lame",
      "-ar",
      "44100",
      "-b:a",
      "64k",
      "-t",
      "1",
      "-f",
      "flv",
      url,
    );
    expect((await publisher.done).code).toBe(0);
    const infos = registry.get("live/cam")?.tracks.map(({ info }) => info);
    expect(infos).toMatchObject([
      { codec: "h264", width: 800, height: 600 },
      { codec: "mp3", sampleRate: 44_100 },
    ]);
  });

  it("publishes pictures alone, and sound alone", async () => {
    const { url, registry } = await start();
    await ffmpeg(...picture(), ...x264(), "-t", "1", "-f", "flv", url).done;
    await ffmpeg(...beep(48_000), "-c:a", "aac", "-t", "1", "-f", "flv", `${url}2`).done;
    expect(registry.get("live/cam")?.tracks.map(({ kind }) => kind)).toEqual(["video"]);
    expect(registry.get("live/cam2")?.tracks.map(({ kind }) => kind)).toEqual(["audio"]);
  });

  it("is told of a codec that has no place here", async () => {
    const { url, registry } = await start();
    await ffmpeg(...picture(), "-c:v", "flv", "-t", "0.5", "-f", "flv", url).done;
    expect(registry.get("live/cam")?.hints.map(({ code }) => code)).toEqual([
      "VIDEO_CODEC_UNSUPPORTED",
    ]);
  });

  it("plays: probes both tracks and decodes them without a fault", async () => {
    const { url, registry } = await start();
    ffmpeg(
      "-re",
      ...picture(),
      ...beep(48_000),
      ...x264("-g", "25", "-bf", "0"),
      "-c:a",
      "aac",
      "-t",
      "60",
      "-f",
      "flv",
      url,
    );
    await eventually(
      () => (registry.get("live/cam")?.track("video")?.totals.frames ?? 0) > 10,
      "frames",
    );
    const probe = await run("ffprobe", [
      "-v",
      "error",
      "-show_entries",
      "stream=codec_name,width,height,sample_rate",
      "-of",
      "csv=p=0",
      url,
    ]).done;
    expect(probe.text.trim().split("\n").sort()).toEqual(["aac,48000", "h264,320,180"]);
    const player = await ffmpeg(
      "-xerror",
      "-i",
      url,
      "-frames:v",
      "50",
      "-map",
      "0:v",
      "-map",
      "0:a",
      "-f",
      "framecrc",
      "-",
    ).done;
    expect(player.code).toBe(0);
    expect(player.text.split("\n").filter((line) => line.startsWith("0,"))).toHaveLength(50);
    await eventually(() => registry.get("live/cam")?.viewers.size === 0, "viewers to leave");
  });

  it("is told that the stream is taken, that the token is wrong, and that there is no stream", async () => {
    const { url, registry } = await start();
    ffmpeg("-re", ...picture(), ...x264(), "-t", "60", "-f", "flv", url);
    await eventually(() => registry.get("live/cam") !== undefined, "the stream");
    const busy = await ffmpeg(...picture(), ...x264(), "-t", "5", "-f", "flv", url).done;
    expect(busy.code).not.toBe(0);
    expect(busy.text).toContain("STREAM_BUSY");
    const wrong = await ffmpeg(
      ...picture(),
      ...x264(),
      "-t",
      "5",
      "-f",
      "flv",
      `${url}?token=wrong`,
    ).done;
    expect(wrong.text).toContain("UNAUTHORIZED");
    const missing = await ffmpeg("-i", `${url}-other`, "-f", "null", "-").done;
    expect(missing.code).not.toBe(0);
    expect(missing.text).toContain("STREAM_NOT_FOUND");
    expect(registry.get("live/cam")?.state).toBe("live");
  });
});

describe.each([
  ["rtmpsink", hasRtmpSink, " live=1"],
  ["rtmp2sink", hasRtmp2Sink, ""],
])("GStreamer's %s", (sink, present, suffix) => {
  it.skipIf(!present)("publishes (row 110)", async () => {
    const { url, registry } = await start();
    const pipeline = [
      "videotestsrc num-buffers=50 ! video/x-raw,width=320,height=180,framerate=25/1,format=I420",
      "x264enc speed-preset=ultrafast bframes=0 key-int-max=25 bitrate=300 ! h264parse",
      `flvmux streamable=true name=m ! ${sink} name=out`,
      "audiotestsrc num-buffers=90 ! audio/x-raw,rate=44100,channels=2 ! voaacenc ! aacparse ! m.",
    ];
    const [source, encoder, muxer, audio] = pipeline;
    const text = `${source} ! ${encoder} ! ${muxer} ${audio}`;
    const located = text.replace("name=out", `location="${url}?token=T${suffix}"`);
    const { code, text: said } = await run("gst-launch-1.0", ["-e", ...words(located)]).done;
    expect(said).not.toMatch(/ERROR/);
    expect(code).toBe(0);
    const [video, sound] = registry.get("live/cam")?.tracks ?? [];
    expect(video?.info).toMatchObject({ codec: "h264", width: 320, height: 180, reorderDepth: 0 });
    expect(sound?.info).toMatchObject({ codec: "aac", sampleRate: 44_100, channels: 2 });
    expect(video?.totals.frames).toBe(50);
    expect(sound?.totals.frames).toBeGreaterThan(80);
  });
});

/** Splits a pipeline as a shell does. */
function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
}
