import type { MediaKind } from "@millrace/media/frame";
import { FakeClock } from "../../core/fake-clock.ts";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import {
  type CoreLimits,
  type Publisher,
  Registry,
  type Stream,
  silentLog,
} from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import type { Fmp4Limits, Fmp4Listener, Fmp4Part } from "./index.ts";
import { defaultFmp4Limits } from "./limits.ts";
import { SharedOutputs } from "./outputs.ts";

/** A listener that writes down what it is told. */
export class NotingListener implements Fmp4Listener {
  readonly parts: Fmp4Part[] = [];
  readonly codes: string[] = [];

  part(part: Fmp4Part): void {
    this.parts.push(part);
  }

  ended(code: string): void {
    this.codes.push(code);
  }
}

/** A registry with a publisher of `live/cam` whose frames come when the clock says so. */
export class FragmentRig {
  readonly clock: FakeClock = new FakeClock();
  readonly transcoder: FakeTranscoder = new FakeTranscoder();
  readonly registry: Registry;
  readonly outputs: SharedOutputs;
  publisher: Publisher;

  constructor(limits: Partial<Fmp4Limits> = {}, core: Partial<CoreLimits> = {}) {
    const { clock, transcoder } = this;
    this.registry = new Registry({ clock, log: silentLog, transcoder, limits: core });
    this.outputs = new SharedOutputs(clock, silentLog, { ...defaultFmp4Limits, ...limits });
    this.publisher = this.publish();
  }

  get stream(): Stream {
    return this.publisher.stream;
  }

  publish(): Publisher {
    this.publisher = this.registry.publish({
      stream: "live/cam",
      transport: "rtmp",
      address: "127.0.0.1",
      onKick() {},
    });
    return this.publisher;
  }

  /** H.264 and AAC, or what is given. */
  announce(kinds: readonly MediaKind[] = ["video", "audio"]): this {
    if (kinds.includes("video")) this.publisher.setTrack(videoInfo());
    if (kinds.includes("audio")) this.publisher.setTrack(audioInfo());
    return this;
  }

  /**
   * Lets `ms` pass and publishes 25 pictures a second, key frames every `groupMs`, and AAC, in order of
   * their times, which are the publisher's and begin where it began.
   */
  play(
    ms: number,
    options: {
      groupMs?: number;
      kinds?: readonly MediaKind[];
      stepMs?: number;
      size?: number;
    } = {},
  ): this {
    const { groupMs = 1000, kinds = ["video", "audio"], stepMs = 40, size = 100 } = options;
    const end = this.#nowMs + ms;
    while (this.#nowMs < end) {
      const video = kinds.includes("video") && this.#nowMs % stepMs === 0;
      if (video) {
        const key = this.#nowMs % groupMs === 0;
        this.publisher.frame("video", frameAt(this.#nowMs, { key, size }));
      }
      const due =
        Math.floor((this.#nowMs * 48) / 1024) !== Math.floor(((this.#nowMs - 1) * 48) / 1024);
      if (kinds.includes("audio") && due) {
        this.publisher.frame("audio", frameAt(this.#nowMs, { key: true, size: 10 }));
      }
      this.#nowMs++;
      this.clock.advance(1);
    }
    return this;
  }

  #nowMs = 0;
}
