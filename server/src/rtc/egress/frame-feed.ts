import type { Frame, TrackInfo } from "@millrace/media/frame";
import {
  type FrameSink,
  type Log,
  ProtocolError,
  type Stream,
  type Track,
} from "../../core/index.ts";
import { H264Packetiser } from "./h264-packetiser.ts";
import { OpusPacketiser } from "./opus-packetiser.ts";
import type { Packetiser } from "./packetiser.ts";
import type { OutputFeed, RtpOutput } from "./rtp-output.ts";

/** Packetises the frames of a track: H.264 and Opus. */
export class FrameFeed implements FrameSink, OutputFeed {
  readonly #output: RtpOutput;
  readonly #track: Track;
  readonly #stream: Stream;
  readonly #log: Log;
  readonly #packetiser: Packetiser;

  constructor(options: {
    readonly output: RtpOutput;
    readonly track: Track;
    readonly stream: Stream;
    readonly log: Log;
  }) {
    this.#output = options.output;
    this.#track = options.track;
    this.#stream = options.stream;
    this.#log = options.log;
    this.#packetiser = options.track.kind === "video" ? new H264Packetiser() : new OpusPacketiser();
  }

  start(): void {
    this.info(this.#track.info);
    if (this.#track.kind === "video") {
      for (const frame of this.#track.cache.frames) this.#push(frame, false);
    }
    this.#track.subscribe(this);
  }

  info(info: TrackInfo): void {
    try {
      this.#packetiser.configure(info);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#log.warn({ code: error.code }, "a decoder configuration cannot be read");
    }
  }

  frame(frame: Frame): void {
    this.#push(frame, true);
  }

  ended(_track: Track, code: string): void {
    this.#output.ended(code);
  }

  close(): void {
    this.#track.unsubscribe(this);
  }

  #push(frame: Frame, live: boolean): void {
    const packetised = this.#packetiser.packetise(frame);
    if (packetised === undefined) return;
    this.#output.begin(
      {
        codec: this.#track.kind === "video" ? "h264" : "opus",
        key: frame.key,
        reference: packetised.reference,
        ptsUs: frame.ptsUs,
        arrivedUs: this.#stream.nowUs(),
        lostBefore: 0,
        payloads: packetised.payloads,
      },
      true,
      live,
    );
  }
}
