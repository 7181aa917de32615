import { parseJpeg } from "@millrace/media/jpeg";
import { MultipartReader } from "@millrace/media/multipart";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { videoInfo } from "../../core/test-frames.ts";
import { createPicturesOutput, type PicturesOutput } from "./index.ts";
import { eventually, type Rig, startRig, turns } from "./test-rig.ts";
import { complaints, has, make, Tool } from "./test-tool.ts";

vi.setConfig({ testTimeout: 90_000 });

const hasFfmpeg = has("ffmpeg") && has("ffprobe");
const frames = 20;
let rig: Rig<PicturesOutput>;
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

/** Pictures of 160x120 as ffmpeg encodes them. */
function encoded(): Uint8Array[] {
  const source = `testsrc=s=160x120:r=10,trim=end_frame=${frames}`;
  const args = ["-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg"];
  const bytes = make("ffmpeg", [...args, "-f", "mpjpeg", "-boundary_tag", "b", "-"]);
  return new MultipartReader("b").receive(bytes).map(({ body }) => body);
}

async function start(): Promise<void> {
  rig = await startRig((clock) =>
    createPicturesOutput({ clock, log: silentLog, limits: { repeatMs: 60_000, stallMs: 600_000 } }),
  );
  rig.publisher.setTrack(videoInfo());
}

function give(jpeg: Uint8Array): void {
  const us = rig.stream.nowUs();
  rig.transcoder.running[0]?.sink.frame({ ptsUs: us, dtsUs: us, key: true, payload: [jpeg] });
}

describe.runIf(hasFfmpeg)("foreign readers", () => {
  it("ffmpeg reads every picture of .mjpg", async () => {
    await start();
    const url = `http://127.0.0.1:${rig.port}/live/cam.mjpg`;
    const tool = run(
      "ffmpeg",
      "-v",
      "warning",
      "-strict_mime_boundary",
      "1",
      "-f",
      "mpjpeg",
      "-i",
      url,
      "-fps_mode",
      "passthrough",
      "-f",
      "framecrc",
      "-",
    );
    await eventually(() => rig.output.stats.sessions === 1);
    const pictures = encoded();
    expect(pictures).toHaveLength(frames);
    for (const picture of pictures) {
      rig.clock.advance(100);
      give(picture);
      await turns(20);
    }
    rig.stream.end("PUBLISHER_LEFT");
    const { code, out, err } = await tool.ended;
    expect({ code, complaints: complaints(err) }).toEqual({ code: 0, complaints: [] });
    expect(out).toContain("#dimensions 0: 160x120");
    expect(out.split("\n").filter((line) => /^0,/.test(line))).toHaveLength(frames);
  });

  it("ffprobe reads the size of .jpg", async () => {
    await start();
    const url = `http://127.0.0.1:${rig.port}/live/cam.jpg`;
    const tool = run(
      "ffprobe",
      "-v",
      "warning",
      "-show_entries",
      "stream=codec_name,width,height",
      "-of",
      "csv=p=0",
      url,
    );
    await eventually(() => rig.output.stats.waiting === 1);
    const [picture = new Uint8Array(0)] = encoded();
    expect(parseJpeg(picture)).toMatchObject({ width: 160, height: 120, components: 3 });
    give(picture);
    const { code, out } = await tool.ended;
    expect({ code, out: out.trim() }).toEqual({ code: 0, out: "mjpeg,160,120" });
  });
});
