import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Frame } from "@millrace/media/frame";
import { FakeClock } from "../core/fake-clock.ts";
import { FakeTranscoder } from "../core/fake-transcoder.ts";
import { type CoreLimits, type Publisher, silentLog } from "../core/index.ts";
import { audioInfo, videoInfo } from "../core/test-frames.ts";
import { Received, TestDoor } from "./door/test-door.ts";
import { createEveryOutput, type EveryOutput } from "./every-output.ts";
import { give } from "./pictures/test-jpeg.ts";

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** One picture's time at 25 pictures a second. Milliseconds. */
const pictureMs = 40;
/** Pictures between key frames. */
const group = 25;

export interface PlayOptions {
  readonly pictureBytes?: number;
  /** Sound frames of this size come with each picture; many small ones. */
  readonly soundBytes?: number;
  readonly soundFrames?: number;
  /** Of what the transcoder gives as JPEG. */
  readonly jpegBytes?: number;
  /** Awaited after each picture. */
  readonly after?: () => Promise<void>;
}

/** Every output behind the door, on a clock that the test moves. */
export class Everything {
  readonly clock: FakeClock = new FakeClock();
  readonly transcoder: FakeTranscoder = new FakeTranscoder();
  readonly door: TestDoor;
  readonly #every: EveryOutput;

  constructor(core: Partial<CoreLimits> = {}) {
    const { clock, transcoder } = this;
    this.#every = createEveryOutput({ clock, log: silentLog });
    this.door = new TestDoor({ outputs: this.#every.outputs, clock, transcoder, core });
  }

  async listen(): Promise<this> {
    await this.door.listen();
    return this;
  }

  async close(): Promise<void> {
    await this.door.close();
    this.#every.close();
  }

  /** Begins a stream of H.264 and AAC. */
  publish(name: string): Publication {
    return new Publication(this, this.door.publish(name, videoInfo(), audioInfo()));
  }

  /** What answers this request; nothing is read before the test reads. */
  async ask(path: string, headers = "", version = "1.0"): Promise<Received> {
    const socket = await this.door.raw(`GET ${path} HTTP/${version}\r\nHost: a\r\n${headers}\r\n`);
    return new Received(socket);
  }
}

/** A stream whose pictures come when the test says so. */
export class Publication {
  readonly publisher: Publisher;
  readonly #everything: Everything;
  #picture = 0;
  #sound = 0;

  constructor(everything: Everything, publisher: Publisher) {
    this.#everything = everything;
    this.publisher = publisher;
  }

  /** Number of the next picture; those that 25 divides are key frames. */
  get pictures(): number {
    return this.#picture;
  }

  /** Publishes so many pictures and what comes with them, and lets their time pass. */
  async play(count: number, options: PlayOptions = {}): Promise<void> {
    const { pictureBytes = 1000, soundBytes = 300, soundFrames = 2, jpegBytes, after } = options;
    const { clock, transcoder } = this.#everything;
    for (let end = this.#picture + count; this.#picture < end; this.#picture++) {
      const ptsUs = this.#picture * pictureMs * 1000;
      const key = this.#picture % group === 0;
      this.publisher.frame("video", newFrame(ptsUs, key, pictureBytes, this.#picture));
      for (let sound = 0; sound < soundFrames; sound++) {
        const soundUs = ptsUs + Math.floor((sound * pictureMs * 1000) / soundFrames);
        this.publisher.frame("audio", newFrame(soundUs, true, soundBytes, this.#sound++));
      }
      for (const running of transcoder.running) {
        if (running.target.codec !== "jpeg") continue;
        give(running, this.#picture, this.publisher.stream.nowUs(), jpegBytes);
      }
      clock.advance(pictureMs);
      await after?.();
    }
  }
}

/** A frame with memory of its own, so that who keeps it shows; its number is in its first four bytes. */
function newFrame(ptsUs: number, key: boolean, bytes: number, number: number): Frame {
  const payload = new Uint8Array(bytes).fill(0x55);
  new DataView(payload.buffer).setUint32(0, number);
  return { ptsUs, dtsUs: ptsUs, key, payload: [payload] };
}

/** Lets what is on its way between sockets of this process arrive. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until something is so, which other events bring about. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** Memory in use after everything that nobody refers to is gone. Bytes. */
export async function bytesInUse(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
