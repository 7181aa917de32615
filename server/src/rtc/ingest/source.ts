import type { TrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import { audioTrackInfoForOpus } from "@millrace/media/opus";
import type { RtpVideoCodec } from "@millrace/media/rtp";
import type { PacketSource, Publisher } from "../../core/index.ts";
import type { PayloadFormat } from "../peer.ts";
import type { EncodingOwner, IngestEncoding } from "./encoding.ts";
import { FrameCutter } from "./frame-cutter.ts";
import type { GrowingFrame } from "./growing-frame.ts";

export interface IngestSourceOptions {
  readonly format: PayloadFormat;
  readonly publisher: Publisher;
  /** A sink threw: a bug of ours. */
  sinkFailed(error: unknown): void;
}

const noConfig = new Uint8Array(0);

/** The RTP of one track in one codec. Announces itself with its first key frame, or its first sound. */
export class IngestSource implements PacketSource, EncodingOwner {
  readonly kind: "video" | "audio";
  readonly codec: RtpVideoCodec | "opus";
  readonly profileLevelId: string | undefined;
  readonly #options: IngestSourceOptions;
  readonly #listeners = new Set<() => void>();
  readonly #cutter: FrameCutter | undefined;
  #encodings: readonly IngestEncoding[] = [];
  #info: TrackInfo | undefined;
  /** What cut frames said about the track. */
  #described: VideoTrackInfo | undefined;
  #wanted = false;
  #closed = false;

  constructor(options: IngestSourceOptions) {
    const { format, publisher } = options;
    this.#options = options;
    this.profileLevelId = format.profileLevelId;
    if (format.codec === "opus") {
      this.kind = "audio";
      this.codec = "opus";
    } else {
      const codec = videoCodec(format);
      this.kind = "video";
      this.codec = codec;
      this.#cutter = new FrameCutter({
        codec,
        publisher,
        describe: (info) => {
          this.#described = { ...info, reorderDepth: 0 };
          this.#announce();
        },
      });
    }
  }

  get encodings(): readonly IngestEncoding[] {
    return this.#encodings;
  }

  /** Frames that could not be put together. */
  get malformedFrames(): number {
    return this.#cutter?.malformed ?? 0;
  }

  /** Whether packets of that format belong to this source. */
  takes(format: PayloadFormat): boolean {
    return format.codec === this.codec && format.profileLevelId === this.profileLevelId;
  }

  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  wantFrames(wanted: boolean): void {
    if (this.#closed && wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#cutter?.start(this.#best());
    else this.#cutter?.stop();
  }

  /** From an encoding. */
  keyFrame(encoding: IngestEncoding): void {
    if (this.#closed) return;
    const isNew = !this.#encodings.includes(encoding);
    if (isNew) this.#sort([...this.#encodings, encoding]);
    const best = this.#best();
    this.#cutter?.prefer(best, best === encoding);
    if (isNew) this.#tell();
    if (this.#info === undefined) this.#announce();
    else if (this.kind === "video" && this.#cutter?.running === false) this.#announceSize(encoding);
  }

  /** From an encoding. */
  completed(encoding: IngestEncoding, frame: GrowingFrame): void {
    if (!this.#wanted) return;
    if (this.#cutter !== undefined) {
      this.#cutter.completed(encoding, frame);
      return;
    }
    const { captureUs, payloads } = frame;
    const times = { ptsUs: captureUs, dtsUs: captureUs };
    this.#options.publisher.frame("audio", { ...times, key: true, payload: payloads });
  }

  /** From an encoding. */
  changed(encoding: IngestEncoding): void {
    if (this.#closed || !this.#encodings.includes(encoding)) return;
    this.#sort(this.#encodings);
    this.#tell();
  }

  /** From the receiver of an encoding's packets: some are lost for good. */
  broken(encoding: IngestEncoding): void {
    this.#cutter?.broken(encoding);
  }

  /** The publisher does not send that encoding any more. */
  remove(encoding: IngestEncoding): void {
    if (!this.#encodings.includes(encoding)) return;
    this.#encodings = this.#encodings.filter((other) => other !== encoding);
    this.#tell();
  }

  sinkFailed(error: unknown): void {
    this.#options.sinkFailed(error);
  }

  /** May be called twice. Its encodings are closed by their receivers. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cutter?.stop();
    this.#tell();
    this.#listeners.clear();
  }

  #best(): IngestEncoding | undefined {
    return this.#encodings.findLast((encoding) => encoding.active);
  }

  /** Smallest first; encodings of the same size stay in the order in which they came. */
  #sort(encodings: readonly IngestEncoding[]): void {
    const sorted = encodings.toSorted((a, b) => a.width * a.height - b.width * b.height);
    if (
      sorted.length !== this.#encodings.length ||
      sorted.some((encoding, index) => encoding !== this.#encodings[index])
    ) {
      this.#encodings = sorted;
    }
  }

  #tell(): void {
    this.#cutter?.prefer(this.#best(), false);
    for (const listener of [...this.#listeners]) listener();
  }

  #announce(): void {
    if (this.#closed) return;
    this.#info = this.#describe();
    this.#options.publisher.setTrack(this.#info, this);
  }

  /** The track has the size of its best encoding, which is told when pictures of that size begin. */
  #announceSize(encoding: IngestEncoding): void {
    const info = this.#info;
    if (info?.kind !== "video" || encoding !== this.#best()) return;
    if (info.width !== encoding.width || info.height !== encoding.height) this.#announce();
  }

  #describe(): TrackInfo {
    if (this.codec === "opus") return audioTrackInfoForOpus(2);
    if (this.#described !== undefined && this.#cutter?.running === true) return this.#described;
    const { width, height } = this.#best() ?? this.#encodings.at(-1) ?? { width: 0, height: 0 };
    return {
      kind: "video",
      codec: this.codec,
      config: this.#described?.config ?? noConfig,
      codecString: this.#described?.codecString ?? codecString(this.codec, this.profileLevelId),
      width,
      height,
      reorderDepth: 0,
    };
  }
}

function videoCodec(format: PayloadFormat): RtpVideoCodec {
  const { codec } = format;
  if (codec === "opus" || codec === "h265") throw new Error(`${codec} is no video of WebRTC here`);
  return codec;
}

/** RFC 6381 strings as negotiated, until the bit stream tells more. */
function codecString(codec: RtpVideoCodec, profileLevelId: string | undefined): string {
  switch (codec) {
    case "h264":
      return `avc1.${profileLevelId ?? "42e01f"}`;
    case "vp8":
      return "vp8";
    case "vp9":
      return "vp09.00.31.08";
    case "av1":
      return "av01.0.05M.08";
  }
}
