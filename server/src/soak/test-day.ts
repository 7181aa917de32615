import { FakeClock } from "../core/fake-clock.ts";
import { type Stream, silentLog } from "../core/index.ts";
import { TestDoor } from "../fallback/door/test-door.ts";
import { createEveryOutput, type EveryOutput } from "../fallback/every-output.ts";
import { bytesInUse, eventually, turn } from "../fallback/test-everything.ts";
import type { EgressCore } from "../rtc/egress/core.ts";
import { NodeEgressCore } from "../rtc/egress/node-core.ts";
import { type EncoderOptions, TestEncoder } from "./test-encoder.ts";
import { FlvViewer, HlsViewer, PollViewer, StreamedViewer } from "./test-http-viewers.ts";
import { createRtcParts, type RtcParts, RtcViewer } from "./test-rtc-viewer.ts";
import { EchoTranscoder } from "./test-transcoder.ts";

export interface DayOptions {
  /** Pictures, and frames of sound, in a second. */
  readonly picturesPerSecond?: number;
  readonly pictureBytes?: number;
  /** Seconds between key frames. */
  readonly groupSeconds?: number;
  readonly encoder?: Partial<EncoderOptions>;
  /** The tier of WebRTC's egress. */
  readonly core?: (clock: FakeClock) => EgressCore;
}

/** The least and the most of something over a time. */
export class Range {
  min: number = Number.POSITIVE_INFINITY;
  max: number = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }
}

/** What was seen in a part of the run. Milliseconds. */
export interface Sight {
  /** Of pictures and of sound over WebRTC: from their capture to their last packet. */
  readonly videoLag: Range;
  readonly audioLag: Range;
  /** How much earlier sound is shown than the picture that was captured with it. */
  readonly apart: Range;
  readonly flvDelay: Range;
}

export function newSight(): Sight {
  return {
    videoLag: new Range(),
    audioLag: new Range(),
    apart: new Range(),
    flvDelay: new Range(),
  };
}

const stream = "live/day";
/** How often browsers report and ask, and players ask. Seconds. */
const answerSeconds = 1;
const lookSeconds = 4;

/** A gateway without its ports: one stream, and viewers on every kind of output. */
export class Day {
  readonly clock: FakeClock = new FakeClock();
  readonly transcoder: EchoTranscoder = new EchoTranscoder();
  readonly door: TestDoor;
  readonly rtc: RtcParts;
  readonly core: EgressCore;
  readonly #every: EveryOutput;
  readonly #options: Required<Omit<DayOptions, "core">>;
  encoder: TestEncoder;
  #pictures = 0;
  #listens = false;
  readonly rtcViewers: RtcViewer[] = [];
  flv: FlvViewer | undefined;
  hls: HlsViewer | undefined;
  poll: PollViewer | undefined;
  sse: StreamedViewer | undefined;
  sight: Sight = newSight();

  constructor(options: DayOptions = {}) {
    const { core = (clock: FakeClock) => new NodeEgressCore(clock), ...rest } = options;
    const { clock, transcoder } = this;
    this.#options = {
      picturesPerSecond: 1,
      pictureBytes: 3500,
      groupSeconds: 2,
      encoder: {},
      ...rest,
    };
    this.#every = createEveryOutput({ clock, log: silentLog });
    this.door = new TestDoor({ outputs: this.#every.outputs, clock, transcoder });
    this.core = core(clock);
    this.rtc = createRtcParts(clock, this.core);
    this.encoder = this.#connect(this.#options.encoder);
  }

  get stream(): Stream {
    return this.encoder.publisher.stream;
  }

  get pictures(): number {
    return this.#pictures;
  }

  get #tickMs(): number {
    return 1000 / this.#options.picturesPerSecond;
  }

  /** Opens the door of HTTP. May be called twice. */
  async listen(): Promise<void> {
    if (!this.#listens) await this.door.listen();
    this.#listens = true;
  }

  /** Lets a viewer over WebRTC come, when there is something to see. */
  async openRtc(rarely = true): Promise<this> {
    await this.run(6);
    this.rtcViewers.push(new RtcViewer(this.rtc, this.stream, { losesEvery: 211, rarely }));
    return this;
  }

  /** Lets viewers of every kind come. */
  async open(): Promise<this> {
    await this.listen();
    await this.openRtc(false);
    const { door, clock } = this;
    this.flv = await FlvViewer.open(door, clock, stream);
    this.sse = await StreamedViewer.open(door, `/${stream}.sse?media=1`);
    await eventually(() => this.stream.viewers.size === 2);
    // It is answered when there is a first segment.
    const opening = HlsViewer.open(door.port, stream);
    await this.run(8);
    this.hls = await opening;
    this.poll = new PollViewer(door.port, stream);
    return this;
  }

  /** Lets so many seconds pass. */
  async run(seconds: number): Promise<void> {
    const { picturesPerSecond } = this.#options;
    const ticks = Math.round(seconds * picturesPerSecond);
    for (let tick = 0; tick < ticks; tick++) {
      this.#publish();
      this.clock.advance(this.#tickMs);
      this.#look();
      if (this.#pictures % Math.max(1, picturesPerSecond * answerSeconds) === 0) {
        for (const viewer of this.rtcViewers) viewer.answer();
      }
      if (!this.#listens) continue;
      await turn();
      if (this.#pictures % Math.max(1, picturesPerSecond * lookSeconds) === 0) {
        await this.hls?.look();
        await this.poll?.look();
      }
    }
  }

  /** The publisher goes and comes back after `pauseSeconds` as another encoder. */
  async restart(pauseSeconds: number, encoder: Partial<EncoderOptions>): Promise<void> {
    this.encoder.stop();
    for (let at = 0; at < pauseSeconds; at += lookSeconds) {
      this.clock.advance(Math.min(lookSeconds, pauseSeconds - at) * 1000);
      await this.hls?.look();
      await this.poll?.look();
    }
    this.encoder = this.#connect(encoder);
    this.#pictures = Math.ceil(this.#pictures / this.#group) * this.#group;
  }

  /** Nobody does anything for so long, and the encoder's clock goes on. */
  sleep(ms: number): void {
    this.clock.advance(ms);
  }

  /** Bytes in use, when everything that was on its way has come. */
  async memory(): Promise<number> {
    await turn();
    return bytesInUse();
  }

  async close(): Promise<void> {
    for (const viewer of this.rtcViewers) viewer.close();
    this.flv?.close();
    this.sse?.close();
    this.rtc.outputs.close();
    this.rtc.wheel.close();
    this.rtc.driver.close();
    await this.listen();
    await this.door.close();
    this.#every.close();
  }

  get #group(): number {
    const { picturesPerSecond, groupSeconds } = this.#options;
    return picturesPerSecond * groupSeconds;
  }

  #connect(encoder: Partial<EncoderOptions>): TestEncoder {
    const { clock, door } = this;
    return new TestEncoder({ registry: door.registry, clock, stream, ...encoder });
  }

  #publish(): void {
    this.encoder.picture(this.#pictures % this.#group === 0, this.#options.pictureBytes);
    this.encoder.sound(200);
    this.#pictures++;
  }

  /** Before the next picture; what was sent now is as old as a tick. */
  #look(): void {
    const { videoLag, audioLag, apart, flvDelay } = this.sight;
    const [viewer] = this.rtcViewers;
    const video = viewer?.video.lagMs;
    const audio = viewer?.audio.lagMs;
    if (video !== undefined && audio !== undefined) {
      videoLag.add(video);
      audioLag.add(audio);
      apart.add(video - audio);
    }
    if (this.flv?.delayMs !== undefined) flvDelay.add(this.flv.delayMs);
  }
}
