import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawClock } from "./clock-source.ts";
import { Peer } from "./process.ts";

export interface RecordedClockOptions {
  /** Pictures between key frames. */
  readonly gop: number;
  readonly seconds: number;
}

const width = 1280;
const height = 720;
const fps = 30;

/**
 * Pictures with time codes, encoded beforehand and published in real time without encoding anything, so that
 * the machine is left to the viewer, as it is where the encoder stands elsewhere. The time code says when a
 * picture is due since the beginning; what a viewer is behind is found by comparing with its steady state.
 */
export class RecordedClock {
  readonly #folder: string;
  readonly #gopMs: number;
  #publisher: Peer | undefined;
  #startedMs = 0;

  private constructor(folder: string, gop: number) {
    this.#folder = folder;
    this.#gopMs = (gop / fps) * 1000;
  }

  /** Encodes the pictures; takes about a third of their time. */
  static async record({ gop, seconds }: RecordedClockOptions): Promise<RecordedClock> {
    const folder = await mkdtemp(join(tmpdir(), "millrace-clock-"));
    const clock = new RecordedClock(folder, gop);
    const encoder = new Peer("ffmpeg", [
      ...["-hide_banner", "-loglevel", "warning", "-f", "rawvideo", "-pix_fmt", "yuv420p"],
      ...["-video_size", `${width}x${height}`, "-framerate", String(fps), "-i", "pipe:0"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"],
      ...["-profile:v", "baseline", "-g", String(gop), "-keyint_min", String(gop)],
      ...["-sc_threshold", "0", "-b:v", "2500k", "-f", "flv", clock.#file],
    ]);
    const { stdin } = encoder.process;
    if (stdin === null) throw new Error("ffmpeg has no input");
    const picture = new Uint8Array((width * height * 3) / 2).fill(128);
    const ended = once(encoder.process, "exit");
    for (let index = 0; index < fps * seconds; index++) {
      drawClock(picture, width, height, index, (index * 1000) / fps);
      if (!stdin.write(Buffer.from(picture))) await once(stdin, "drain");
    }
    stdin.end();
    await ended;
    return clock;
  }

  /** Begins to publish. */
  publish(url: string): void {
    const flags = ["-hide_banner", "-loglevel", "warning", "-re"];
    this.#publisher = new Peer("ffmpeg", [
      ...flags,
      ...["-i", this.#file, "-c", "copy", "-f", "flv", url],
    ]);
    this.#startedMs = Date.now();
  }

  /** How long ago the present group of pictures began, milliseconds; less than a second is not exact. */
  get groupAgeMs(): number {
    return (Date.now() - this.#startedMs) % this.#gopMs;
  }

  async stop(): Promise<void> {
    await this.#publisher?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#folder, "clock.flv");
  }
}
