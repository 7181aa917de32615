import type { AudioTrackInfo, TrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import { FakeClock } from "../../core/fake-clock.ts";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { type Publisher, Registry, type Stream, silentLog } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { FlvChannel } from "./channel.ts";
import { defaultFlvLimits, type FlvLimits } from "./limits.ts";
import { Pace } from "./pace.ts";
import type { FlvSound } from "./sources.ts";
import { TestCarrier } from "./test-carrier.ts";
import { FlvViewer } from "./viewer.ts";

export const opus: AudioTrackInfo = audioInfo({ codec: "opus", config: new Uint8Array(19) });
export const vp8: VideoTrackInfo = videoInfo({ codec: "vp8", config: new Uint8Array(0) });
/** What a viewer of both tracks is sent before frames. */
export const heading: readonly string[] = ["onMetaData", "video config", "audio config"];

/** A stream with one channel on a clock that the test moves. */
export class Scene {
  readonly clock: FakeClock = new FakeClock();
  readonly transcoder: FakeTranscoder = new FakeTranscoder();
  readonly registry: Registry = new Registry({
    clock: this.clock,
    log: silentLog,
    transcoder: this.transcoder,
  });
  readonly pace: Pace = new Pace(defaultFlvLimits);
  readonly limits: FlvLimits;
  publisher: Publisher;
  readonly stream: Stream;
  readonly ended: Map<FlvViewer, string> = new Map();
  channel: FlvChannel | undefined;

  constructor(infos: readonly TrackInfo[], limits: Partial<FlvLimits> = {}) {
    this.limits = { ...defaultFlvLimits, ...limits };
    this.publisher = this.publish(...infos);
    this.stream = this.publisher.stream;
  }

  publish(...infos: readonly TrackInfo[]): Publisher {
    this.publisher = this.registry.publish({
      stream: "live/cam",
      transport: "rtmp",
      address: "192.0.2.1",
      onKick() {},
    });
    for (const info of infos) this.publisher.setTrack(info);
    return this.publisher;
  }

  /** Lets time pass up to that moment of the stream and gives it a frame of that time. */
  video(ms: number, key = false, size = 100): void {
    this.clock.advance(Math.max(0, ms - this.stream.nowUs() / 1000));
    this.publisher.frame("video", frameAt(ms, { key, size }));
  }

  audio(ms: number): void {
    this.clock.advance(Math.max(0, ms - this.stream.nowUs() / 1000));
    this.publisher.frame("audio", frameAt(ms, { key: true, size: 20 }));
  }

  watch(reads = true, sound: FlvSound = "aac"): { viewer: FlvViewer; carrier: TestCarrier } {
    this.channel ??= new FlvChannel({
      stream: this.stream,
      sound,
      clock: this.clock,
      log: silentLog,
      limits: this.limits,
      pace: this.pace,
      endViewer: (viewer, code) => {
        this.ended.set(viewer, code);
        this.channel?.remove(viewer);
      },
    });
    const carrier = new TestCarrier(reads);
    const viewer = new FlvViewer(carrier, this.limits);
    carrier.socket.on("drain", () => viewer.pump());
    this.channel.add(viewer);
    return { viewer, carrier };
  }
}

/** Lets what was planned for this turn, and what sockets do, happen. */
export const settle = (): Promise<void> => new Promise<void>((resolve) => setImmediate(resolve));
