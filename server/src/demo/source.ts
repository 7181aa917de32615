import { audioTrackInfoForOpus } from "@millrace/media/opus";
import type { Clock, Log, Timer } from "../core/ports.ts";
import type { Publisher } from "../core/publisher.ts";
import type { Registry } from "../core/registry.ts";
import { beepPackets } from "./beep-packets.ts";
import { MacroblockEncoder } from "./macroblock-encoder.ts";
import { demoVideoInfo } from "./parameter-sets.ts";
import { Pattern, patternColumns, patternRows } from "./pattern.ts";

/** The name under which the demo is published. */
export const demoStreamName = "live/demo";

const framesPerSecond = 30;
const keyIntervalFrames = 2 * framesPerSecond;
const packetsPerSecond = 50;
/** Pictures that flash: as long as the beep. */
const flashFrames = 3;
/** After a longer pause of the process, what was missed is left out. */
const maxLateUs = 500_000;
const secondUs = 1_000_000;

const beep: readonly Uint8Array[] = beepPackets.map((packet) => Buffer.from(packet, "base64"));

export interface DemoSourceOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Publishes a moving test picture with the wall clock, a time code and a flash that comes together
 * with a beep, once a second: H.264 and Opus, made here without any encoder library.
 */
export class DemoSource {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #publisher: Publisher;
  readonly #pattern = new Pattern();
  readonly #encoder = new MacroblockEncoder(patternColumns, patternRows);
  #startUs: number;
  #nextFrame = 0;
  #nextPacket = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** @throws RefusedError `STREAM_BUSY` when somebody else publishes that name. */
  constructor(options: DemoSourceOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#publisher = options.registry.publish({
      stream: demoStreamName,
      transport: "demo",
      address: "127.0.0.1",
      onKick: (reason) => this.close(reason),
    });
    this.#publisher.setTrack(demoVideoInfo(patternColumns, patternRows, framesPerSecond));
    this.#publisher.setTrack(audioTrackInfoForOpus(2));
    // The first picture waits for a full second of the wall clock, so that flash and beep mark seconds.
    const waitUs = Math.round((1000 - (this.#clock.wallMs() % 1000)) * 1000);
    this.#startUs = this.#clock.nowUs() + waitUs;
    this.#schedule();
  }

  /** Ends the stream's publisher. May be called twice. */
  close(reason = "DEMO_STOPPED"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#publisher.close(reason);
  }

  #schedule(): void {
    const dueUs = this.#startUs + Math.min(frameUs(this.#nextFrame), packetUs(this.#nextPacket));
    const waitMs = Math.max(0, (dueUs - this.#clock.nowUs()) / 1000);
    this.#timer = this.#clock.after(waitMs, () => this.#run());
  }

  #run(): void {
    if (this.#closed) return;
    try {
      this.#emit(this.#clock.nowUs() - this.#startUs);
    } catch (error) {
      this.#log.error({ stream: demoStreamName, err: error }, "the demo source failed");
      this.close("DEMO_FAILED");
      return;
    }
    this.#schedule();
  }

  /** Publishes everything that is due, in order of time. Microseconds since the first picture. */
  #emit(nowUs: number): void {
    this.#skipMissed(nowUs);
    for (;;) {
      const frame = frameUs(this.#nextFrame);
      const packet = packetUs(this.#nextPacket);
      if (Math.min(frame, packet) > nowUs) return;
      if (packet <= frame) this.#emitPacket(packet);
      else this.#emitFrame(frame);
    }
  }

  /** After a pause of the process it goes on with the present second, from its beginning. */
  #skipMissed(nowUs: number): void {
    if (nowUs - frameUs(this.#nextFrame) <= maxLateUs) return;
    const second = Math.floor(nowUs / secondUs);
    this.#nextFrame = Math.max(this.#nextFrame, second * framesPerSecond);
    this.#nextPacket = Math.max(this.#nextPacket, second * packetsPerSecond);
  }

  #emitFrame(timeUs: number): void {
    const frame = this.#nextFrame++;
    const picture = this.#pattern.draw({
      wallMs: this.#clock.wallMs(),
      frame,
      flash: frame % framesPerSecond < flashFrames,
    });
    const { nal, key } = this.#encoder.encode(picture, frame % keyIntervalFrames === 0);
    this.#publisher.frame("video", { ptsUs: timeUs, dtsUs: timeUs, key, payload: [nal] });
  }

  #emitPacket(timeUs: number): void {
    const packet = beep[this.#nextPacket++ % packetsPerSecond];
    if (packet === undefined) return;
    this.#publisher.frame("audio", { ptsUs: timeUs, dtsUs: timeUs, key: true, payload: [packet] });
  }
}

function frameUs(frame: number): number {
  return Math.round((frame * secondUs) / framesPerSecond);
}

function packetUs(packet: number): number {
  return Math.round((packet * secondUs) / packetsPerSecond);
}
