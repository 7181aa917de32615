import { ProtocolError } from "../error/index.ts";

/** RFC 6716 section 3.1, table 2. */
export type OpusMode = "silk" | "hybrid" | "celt";

/** What the first bytes of an Opus packet say. */
export interface OpusPacketInfo {
  /** config, 0 to 31. */
  readonly config: number;
  readonly mode: OpusMode;
  readonly stereo: boolean;
  /** Frames in the packet, 1 to 48. */
  readonly frames: number;
  /** Duration of one frame: 2,500 to 60,000 microseconds. */
  readonly frameUs: number;
  /** Duration of the packet: 2,500 to 120,000 microseconds. */
  readonly durationUs: number;
  /** Samples of the packet per channel at 48 kHz, the RTP clock of Opus. */
  readonly samples: number;
}

/** RFC 6716 section 3.2.5: the longest duration of a packet. */
export const maxOpusPacketUs = 120_000;

const silkFrameUs: readonly number[] = [10_000, 20_000, 40_000, 60_000];
const hybridFrameUs: readonly number[] = [10_000, 20_000];
const celtFrameUs: readonly number[] = [2_500, 5_000, 10_000, 20_000];
const firstHybrid = 12;
const firstCelt = 16;

/**
 * RFC 6716 sections 3.1 and 3.2. Does not look into the frames.
 * @throws ProtocolError OPUS_PACKET when the packet is empty or breaks requirements R1, R3 or R5
 */
export function parseOpusPacket(packet: Uint8Array): OpusPacketInfo {
  const toc = packet[0];
  if (toc === undefined) throw new ProtocolError("OPUS_PACKET", "empty Opus packet");
  const config = toc >>> 3;
  const mode: OpusMode = config < firstHybrid ? "silk" : config < firstCelt ? "hybrid" : "celt";
  const frameUs = frameDurationUs(config);
  const frames = frameCount(packet, toc & 3);
  const durationUs = frames * frameUs;
  if (durationUs > maxOpusPacketUs) {
    throw new ProtocolError("OPUS_PACKET", `Opus packet of ${durationUs} microseconds`);
  }
  const samples = (durationUs * 48) / 1000;
  return { config, mode, stereo: (toc & 4) !== 0, frames, frameUs, durationUs, samples };
}

function frameDurationUs(config: number): number {
  if (config < firstHybrid) return silkFrameUs[config % 4] as number;
  if (config < firstCelt) return hybridFrameUs[config % 2] as number;
  return celtFrameUs[config % 4] as number;
}

function frameCount(packet: Uint8Array, code: number): number {
  if (code === 0) return 1;
  if (code === 1) {
    if (packet.byteLength % 2 === 0) {
      throw new ProtocolError("OPUS_PACKET", "two frames of equal size in an odd number of bytes");
    }
    return 2;
  }
  const second = packet[1];
  if (second === undefined) throw new ProtocolError("OPUS_PACKET", "Opus packet of one byte");
  if (code === 2) return 2;
  const count = second & 0x3f;
  if (count === 0) throw new ProtocolError("OPUS_PACKET", "Opus packet without frames");
  return count;
}
