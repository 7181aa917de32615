import { videoTrackInfoFromAv1C } from "../av1/index.ts";
import { ProtocolError } from "../error/index.ts";
import type { VideoTrackInfo } from "../frame/index.ts";
import { videoTrackInfoFromAvcC } from "../h264/index.ts";
import { videoTrackInfoFromVpcC } from "../vp9/index.ts";
import { Av1Assembly } from "./av1-assembly.ts";
import {
  type AssembledFrame,
  defaultFrameAssemblerLimits,
  type FrameAssemblerLimits,
  type FrameAssembly,
} from "./frame-assembly.ts";
import { H264Assembly } from "./h264-assembly.ts";
import type { RtpVideoCodec } from "./inspect-payload.ts";
import { Vp8Assembly } from "./vp8-assembly.ts";
import { Vp9Assembly } from "./vp9-assembly.ts";

/**
 * Makes frames of one encoding's RTP payloads: those of one timestamp, in order, without gaps. Frames may be
 * left out between calls. Keeps parameter sets and the last configuration, and no payloads; payloads
 * of the frames it gives are views of what it was given, or copies.
 */
export class FrameAssembler {
  readonly #limits: FrameAssemblerLimits;
  readonly #assembly: FrameAssembly;
  #config: Uint8Array | undefined;
  #width = 0;
  #height = 0;
  #malformed = 0;

  constructor(codec: RtpVideoCodec, limits: Partial<FrameAssemblerLimits> = {}) {
    this.#limits = { ...defaultFrameAssemblerLimits, ...limits };
    this.#assembly = assemblyOf(codec, this.#limits);
  }

  /** Frames that could not be put together, since the start. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * The frame of these payloads. Undefined when they make none: `malformed` counts it, unless there is
   * just nothing to decode in them, such as parameter sets alone, which are told of with the next frame.
   */
  assemble(payloads: readonly Uint8Array[]): AssembledFrame | undefined {
    try {
      return this.#assemble(payloads);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#malformed += 1;
      return undefined;
    }
  }

  #assemble(payloads: readonly Uint8Array[]): AssembledFrame | undefined {
    if (payloads.length === 0) return undefined;
    this.#checkLimits(payloads);
    const parts = this.#assembly.assemble(payloads);
    if (parts === undefined) return undefined;
    const { payload, key, config, width, height } = parts;
    if (width > 0) {
      this.#width = width;
      this.#height = height;
    }
    return {
      payload,
      key,
      config: config === undefined ? undefined : this.#same(config),
      width: this.#width,
      height: this.#height,
    };
  }

  #checkLimits(payloads: readonly Uint8Array[]): void {
    const { maxPayloads, maxFrameBytes } = this.#limits;
    let size = 0;
    for (const payload of payloads) size += payload.byteLength;
    if (payloads.length > maxPayloads || size > maxFrameBytes) {
      throw new ProtocolError(
        "RTP_FRAME_TOO_LARGE",
        `${size} bytes in ${payloads.length} payloads`,
      );
    }
  }

  #same(config: Uint8Array): Uint8Array {
    const known = this.#config;
    if (known?.byteLength === config.byteLength && known.every((byte, i) => byte === config[i])) {
      return known;
    }
    this.#config = config;
    return config;
  }
}

function assemblyOf(codec: RtpVideoCodec, limits: FrameAssemblerLimits): FrameAssembly {
  switch (codec) {
    case "h264":
      return new H264Assembly(limits);
    case "vp8":
      return new Vp8Assembly();
    case "vp9":
      return new Vp9Assembly();
    case "av1":
      return new Av1Assembly(limits);
  }
}

/**
 * The track that an assembled frame belongs to; undefined for a frame that does not say, because it
 * carries no configuration (VP8: because it is no key frame).
 * @throws ProtocolError what the reader of the configuration throws; never for an assembler's own frame
 */
export function videoTrackInfoOf(
  codec: RtpVideoCodec,
  frame: AssembledFrame,
): VideoTrackInfo | undefined {
  const { config, height, key, width } = frame;
  if (codec === "vp8") {
    if (!key) return undefined;
    const empty = new Uint8Array(0);
    return {
      kind: "video",
      codec,
      config: empty,
      codecString: codec,
      width,
      height,
      reorderDepth: 0,
    };
  }
  if (config === undefined) return undefined;
  switch (codec) {
    case "h264":
      return videoTrackInfoFromAvcC(config);
    case "vp9":
      return videoTrackInfoFromVpcC(config, width, height);
    case "av1":
      return videoTrackInfoFromAv1C(config, width, height);
  }
}
