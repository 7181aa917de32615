import { Peer } from "./process.ts";
import { drawTimeCode } from "./time-code.ts";

export interface ClockSourceOptions {
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Key frame interval in frames. */
  readonly gop?: number;
  /** Where the encoder sends FLV: an rtmp:// address, or `pipe:1`. */
  readonly output: string;
  readonly bitrateKbps?: number;
}

/**
 * Draws pictures that carry their time, with movement below, and has ffmpeg encode and publish them
 * as an encoder set to low delay does. Without sound, because ffmpeg holds pictures back until the
 * sound has caught up with them, which would be measured as delay.
 */
export class ClockSource {
  readonly encoder: Peer;
  readonly #width: number;
  readonly #height: number;
  readonly #picture: Buffer;
  readonly #timer: NodeJS.Timeout;
  /** Wall clock of each picture that was drawn, in order. */
  readonly drawnAtMs: number[] = [];
  #writable = true;

  constructor(options: ClockSourceOptions) {
    const fps = options.fps ?? 30;
    this.#width = options.width ?? 1280;
    this.#height = options.height ?? 720;
    this.#picture = Buffer.alloc((this.#width * this.#height * 3) / 2, 128);
    this.encoder = new Peer("ffmpeg", encoderArguments(options, this.#width, this.#height, fps));
    const startMs = performance.now();
    let drawn = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startMs) * fps) / 1000);
      if (due < drawn || !this.#writable) return;
      drawn = due + 1;
      this.#draw();
    }, 2);
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    clearInterval(this.#timer);
    this.encoder.process.stdin?.end();
    await this.encoder.stop(signal);
  }

  #draw(): void {
    const stdin = this.encoder.process.stdin;
    if (stdin === null || stdin.destroyed) return;
    const wallMs = Date.now();
    const index = this.drawnAtMs.push(wallMs) - 1;
    drawClock(this.#picture, this.#width, this.#height, index, wallMs);
    // ffmpeg reads a picture before the next one is due; a copy lets the next one be drawn meanwhile.
    this.#writable = stdin.write(Buffer.from(this.#picture));
    if (!this.#writable) stdin.once("drain", () => (this.#writable = true));
  }
}

/** Draws picture number `index` into the luma plane of an I420 picture: its time and, below, movement. */
export function drawClock(
  picture: Uint8Array,
  width: number,
  height: number,
  index: number,
  wallMs: number,
): void {
  const luma = picture.subarray(0, width * height);
  drawMovement(luma, width, height, index);
  drawTimeCode(luma, width, height, wallMs);
}

/** A band of shifting texture: enough for the encoder to have something to do. */
function drawMovement(luma: Uint8Array, width: number, height: number, index: number): void {
  const top = Math.floor(height / 3);
  const bottom = Math.floor(height / 2);
  for (let y = top; y < bottom; y++) {
    const row = y * width;
    for (let x = 0; x < width; x += 4) {
      luma.fill(64 + (((x + index * 6) ^ (y * 3 + index)) & 127), row + x, row + x + 4);
    }
  }
}

function encoderArguments(
  options: ClockSourceOptions,
  width: number,
  height: number,
  fps: number,
): string[] {
  const gop = String(options.gop ?? fps * 2);
  return [
    ...["-hide_banner", "-loglevel", "warning", "-probesize", "32", "-analyzeduration", "0"],
    ...["-use_wallclock_as_timestamps", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p"],
    ...["-video_size", `${width}x${height}`, "-framerate", String(fps), "-i", "pipe:0"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"],
    ...["-profile:v", "baseline", "-fps_mode", "passthrough", "-g", gop, "-keyint_min", gop],
    ...["-sc_threshold", "0", "-b:v", `${options.bitrateKbps ?? 2500}k`, "-pix_fmt", "yuv420p"],
    ...["-flush_packets", "1", "-flvflags", "no_duration_filesize"],
    ...["-f", "flv", options.output],
  ];
}
