import { spawn, spawnSync } from "node:child_process";
import { FlvDemuxer, FlvReader } from "@millrace/media/flv";
import type { Frame, MediaKind } from "@millrace/media/frame";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, silentLog } from "../../core/index.ts";
import { TestDoor } from "../door/test-door.ts";
import { createFlvOutput } from "./flv-output.ts";

const has = (tool: string): boolean => spawnSync(tool, ["-version"]).status === 0;
const hasFfmpeg = has("ffmpeg") && has("ffprobe");
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const recordArguments =
  "-v error -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=sample_rate=48000 -t 4 " +
  "-c:v libx264 -preset ultrafast -g 30 -bf 2 -c:a aac -f flv pipe:1";

/** Four seconds of an encoder's FLV with a key frame every second and B-frames. */
function recorded(): Buffer {
  const { stdout, status } = spawnSync("ffmpeg", recordArguments.split(" "), {
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(status).toBe(0);
  return stdout;
}

/** Publishes a recording, on a clock that runs with it. */
class Recording {
  readonly clock = new FakeClock();
  readonly #items: { readonly kind: MediaKind; readonly frame: Frame }[] = [];
  readonly #publisher: Publisher;
  #at = 0;

  constructor(door: TestDoor, clock: FakeClock, flv: Uint8Array) {
    this.clock = clock;
    this.#publisher = door.publish("live/cam");
    const reader = new FlvReader();
    const demuxer = new FlvDemuxer();
    for (let at = 0; at < flv.length; at += 65_536) {
      reader.receive(flv.slice(at, at + 65_536));
      for (let item = reader.next(); item !== undefined; item = reader.next()) {
        if (item.type !== "tag") continue;
        const { type, timestampMs, body } = item.tag;
        for (const found of demuxer.tag(type, timestampMs, body.slice())) {
          if (found.type === "track") this.#publisher.setTrack(found.info);
          if (found.type === "frame") this.#items.push(found);
        }
      }
    }
  }

  get frames(): number {
    return this.#items.length;
  }

  /** Publishes up to that moment of the recording. */
  playTo(ms: number): void {
    for (;;) {
      const item = this.#items[this.#at];
      if (item === undefined || item.frame.dtsUs > ms * 1000) return;
      this.#at++;
      this.clock.advance(Math.max(0, (item.frame.dtsUs - this.clock.nowUs()) / 1000));
      this.#publisher.frame(item.kind, item.frame);
    }
  }

  end(): void {
    this.#publisher.close("PUBLISHER_CLOSED");
  }
}

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function open(): Promise<{ door: TestDoor; recording: Recording; url: string }> {
  const clock = new FakeClock();
  const output = createFlvOutput({ clock, log: silentLog });
  door = await new TestDoor({ outputs: [output], clock, core: { graceMs: 0 } }).listen();
  const recording = new Recording(door, clock, recorded());
  return { door, recording, url: `http://127.0.0.1:${door.port}/live/cam.flv` };
}

function run(
  tool: string,
  parameters: readonly string[],
): Promise<{ out: string; errors: string }> {
  return new Promise((resolve) => {
    const child = spawn(tool, parameters);
    let out = "";
    let errors = "";
    child.stdout.setEncoding("latin1").on("data", (part: string) => {
      out += part;
    });
    child.stderr.setEncoding("latin1").on("data", (part: string) => {
      errors += part;
    });
    child.once("close", () => resolve({ out, errors }));
  });
}

/** Lets the tool join in the middle, then plays to the end. */
async function watchWith(tool: string, parameters: (url: string) => readonly string[]) {
  const { door, recording, url } = await open();
  recording.playTo(2500);
  const done = run(tool, parameters(url));
  const stream = door.registry.get("live/cam");
  while (stream?.viewers.size === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let ms = 2500; ms <= 5000; ms += 100) {
    recording.playTo(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
  recording.end();
  return { ...(await done), recording };
}

interface Probed {
  readonly streams: readonly {
    readonly codec_type: string;
    readonly codec_name?: string;
    readonly width?: number;
    readonly height?: number;
    readonly sample_rate?: string;
  }[];
  readonly packets: readonly {
    readonly codec_type: string;
    readonly pts_time: string;
    readonly dts_time: string;
    readonly flags: string;
  }[];
}

describe.skipIf(!hasFfmpeg)("ffmpeg", () => {
  test("finds both tracks, begins with a key frame and gets every frame in order", async () => {
    const { out, errors } = await watchWith("ffprobe", (url) =>
      `-v error -show_streams -show_packets -of json ${url}`.split(" "),
    );
    expect(errors).toBe("");
    const { streams, packets } = JSON.parse(out) as Probed;
    expect(streams.find(({ codec_type }) => codec_type === "video")).toMatchObject({
      codec_name: "h264",
      width: 320,
      height: 180,
    });
    expect(streams.find(({ codec_type }) => codec_type === "audio")).toMatchObject({
      codec_name: "aac",
      sample_rate: "48000",
    });
    expect(streams.filter(({ codec_type }) => codec_type === "subtitle")).toEqual([]);
    const video = packets.filter(({ codec_type }) => codec_type === "video");
    expect(video[0]?.flags).toContain("K");
    // Joined at 2.5 s: from the key frame at 2 s to the end at 4 s.
    expect(video.length).toBe(60);
    const times = video.map(({ dts_time }) => Number(dts_time));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(video.map(({ pts_time }) => pts_time)).size).toBe(60);
    expect(video.some(({ pts_time, dts_time }) => Number(pts_time) > Number(dts_time))).toBe(true);
    const audio = packets.filter(({ codec_type }) => codec_type === "audio");
    expect(audio.length).toBeGreaterThan(85);
  }, 60_000);

  test("decodes it without a complaint", async () => {
    const { out, errors } = await watchWith("ffmpeg", (url) =>
      `-v warning -i ${url} -map 0:v -map 0:a -f framecrc -`.split(" "),
    );
    expect(
      errors
        .split("\n")
        .filter((line) => !/data stream|Unsupported codec/i.test(line))
        .join(""),
    ).toBe("");
    expect(out.split("\n").filter((line) => line.startsWith("0,")).length).toBe(60);
  }, 60_000);
});

describe.skipIf(!hasCurl)("curl", () => {
  test.each([
    ["--http1.1", /\r\nTransfer-Encoding: chunked\r\n/, true],
    ["--http1.0", /\r\nTransfer-Encoding/, false],
  ])(
    "%s sees the headers of the document and a file that begins with FLV",
    async (version, header, there) => {
      if (!hasFfmpeg) return;
      const { out, errors } = await watchWith("curl", (url) => ["-sS", "-i", version, url]);
      expect(errors).toBe("");
      expect(out).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(out).toContain("\r\nContent-Type: video/x-flv\r\n");
      expect(out).toContain("\r\nConnection: close\r\n");
      expect(header.test(out)).toBe(there);
      expect(out).toContain("\r\n\r\nFLV\x01\x05\0\0\0\x09\0\0\0\0");
    },
    60_000,
  );
});
