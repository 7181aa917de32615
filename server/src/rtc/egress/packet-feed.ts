import type { PacketEncoding, PacketFrame, PacketSink, Track } from "../../core/index.ts";
import type { RtcCodec } from "../peer.ts";
import type { OutputFeed, RtpOutput } from "./rtp-output.ts";

const rtcCodecs: ReadonlySet<string> = new Set(["h264", "vp8", "vp9", "av1", "h265", "opus"]);

/** Whether the publisher's packets can be forwarded to WebRTC viewers as they are. */
export function isForwardable(track: Track): boolean {
  return track.packets !== undefined && rtcCodecs.has(track.packets.codec);
}

/** Forwards the packets of one encoding while they come. */
export class PacketFeed implements PacketSink, OutputFeed {
  readonly #output: RtpOutput;
  readonly #encoding: PacketEncoding;
  readonly #codec: RtcCodec;

  constructor(output: RtpOutput, track: Track, encoding: PacketEncoding) {
    this.#output = output;
    this.#encoding = encoding;
    this.#codec = (track.packets?.codec ?? "opus") as RtcCodec;
  }

  readonly requestKeyFrame: () => void = () => {
    this.#encoding.requestKeyFrame();
  };

  start(): void {
    for (const frame of this.#encoding.group) this.#begin(frame, false);
    this.#encoding.subscribe(this);
  }

  begun(frame: PacketFrame): void {
    this.#begin(frame, true);
  }

  grown(frame: PacketFrame): void {
    this.#output.grow(frame.complete);
  }

  close(): void {
    this.#encoding.unsubscribe(this);
  }

  #begin(frame: PacketFrame, live: boolean): void {
    const { key, reference, ptsUs, arrivedUs, lostBefore, payloads } = frame;
    this.#output.begin(
      { codec: this.#codec, key, reference, ptsUs, arrivedUs, lostBefore, payloads },
      frame.complete,
      live,
    );
  }
}
