import { ProtocolError } from "@millrace/media/error";
import type { Frame, TrackInfo } from "@millrace/media/frame";
import { maxOpusPacketUs, parseOpusPacket } from "@millrace/media/opus";

/** Config 31 of RFC 6716 table 2, 20 ms of CELT whose range coder says that all is silent. */
const silentPacket: Uint8Array = Uint8Array.of(0xf8, 0xff, 0xfe);
const silentPacketUs = 20_000;
/** RFC 6716 section 3.1: the code that says how many frames follow; 0: one. */
const frameCountCode = 0x03;
/** An encoder in DTX ends what it says with a packet that has no more bytes than these. */
const maxDtxBytes = 2;
/** So long decoders go on with the noise before the hole. It is told anew every 400 ms while the microphone is open. */
const maxNoiseUs = 500_000;
/** For shorter packets, a packet of silence does as well. */
const minNoisePacketUs = 10_000;
/** Sound may come so much later than it was seen to come before it is taken for lacking. */
const marginUs = 80_000;
/** The lateness that counts is the greatest of the last one or two of these spans. */
const windowUs = 2_000_000;
/** Until sound has come. */
const guessedLateUs = 20_000;
/** Time that is told after a longer pause was not told because nothing ran: sound waits to be read then too. */
const stallUs = 250_000;
/** Steps of the stream's clock; sound that overlaps silence by more is left out. */
const toleranceUs = 5_000;

/**
 * Fills what Opus lacks that its publisher sends nothing of: DTX, a muted microphone, a track that was
 * taken away. What fills it are Opus packets, so every engine takes them like those of the publisher.
 * Silence follows the stream's clock at the distance that sound was seen to keep, so that sound that
 * comes again finds its place free; where it does not, the part that is late is left out.
 */
export class SilenceFill {
  /** Packets that stand for nothing. */
  filledFrames = 0;
  /** Frames of sound left out because silence stood in their place already. */
  lateFrames = 0;
  readonly #maxGapUs: number;
  #isOpus: boolean;
  /** Where sound and silence end by now; undefined before both. */
  #endUs: number | undefined;
  /** Where the publisher's own sound ended. */
  #soundEndUs = Number.NEGATIVE_INFINITY;
  #isSilence = false;
  /** What decoders go on with noise at. */
  #noise: { readonly packet: Uint8Array; readonly us: number } | undefined;
  /** The stream's time minus the local clock's; undefined until it is told. */
  #offsetUs: number | undefined;
  #advancedUs = Number.NEGATIVE_INFINITY;
  #lateUs = Number.NEGATIVE_INFINITY;
  #lateBeforeUs = Number.NEGATIVE_INFINITY;
  #windowEndUs = 0;

  /** A hole longer than `maxSilenceMs` is not filled from its beginning, for nothing lived through it. */
  constructor(source: TrackInfo, maxSilenceMs: number) {
    this.#isOpus = source.codec === "opus";
    this.#maxGapUs = maxSilenceMs * 1000;
  }

  reconfigure(source: TrackInfo): void {
    this.#isOpus = source.codec === "opus";
    this.#endUs = undefined;
    this.#isSilence = false;
    this.#noise = undefined;
  }

  /** Notes a frame that comes at `nowUs` on the local clock. False: silence stands in its place. */
  take(frame: Frame, nowUs: number): boolean {
    const packet = frame.payload[0];
    if (!this.#isOpus || packet === undefined || packet.length === 0) return true;
    const { durationUs, noise } = readPacket(packet);
    const endUs = frame.ptsUs + durationUs;
    this.#noteLateness(endUs, nowUs);
    if (this.#isSilence && frame.ptsUs < (this.#endUs ?? 0) - toleranceUs) {
      this.lateFrames++;
      return false;
    }
    this.#isSilence = false;
    this.#endUs = endUs;
    this.#soundEndUs = endUs;
    this.#noise = noise;
    return true;
  }

  /**
   * The stream's time is `streamUs`, when the local clock shows `nowUs`: pushes what should have come by
   * then. Call it about every 100 ms; the first call only sets the clock.
   */
  advance(streamUs: number, nowUs: number, push: (frame: Frame) => void): void {
    this.#offsetUs = streamUs - nowUs;
    const isStalled = streamUs - this.#advancedUs > stallUs;
    this.#advancedUs = streamUs;
    if (!this.#isOpus || isStalled) return;
    const untilUs = streamUs - this.#expectedLateUs - marginUs;
    let us = this.#endUs ?? Math.max(0, untilUs - silentPacketUs);
    if (untilUs - us > this.#maxGapUs) us = untilUs - silentPacketUs;
    for (;;) {
      const noise = us - this.#soundEndUs < maxNoiseUs ? this.#noise : undefined;
      const lengthUs = noise?.us ?? silentPacketUs;
      if (us + lengthUs > untilUs) break;
      const payload = [noise?.packet ?? silentPacket];
      push({ ptsUs: us, dtsUs: us, key: true, payload });
      us += lengthUs;
      this.#endUs = us;
      this.#isSilence = true;
      this.filledFrames++;
    }
  }

  get #expectedLateUs(): number {
    const lateUs = Math.max(this.#lateUs, this.#lateBeforeUs);
    return Number.isFinite(lateUs) ? Math.max(0, lateUs) : guessedLateUs;
  }

  /** Sound that was cached comes before the time is told for the first time, and says nothing. */
  #noteLateness(endUs: number, nowUs: number): void {
    if (this.#offsetUs === undefined) return;
    const lateUs = nowUs + this.#offsetUs - endUs;
    if (nowUs >= this.#windowEndUs) {
      this.#windowEndUs = nowUs + windowUs;
      this.#lateBeforeUs = this.#lateUs;
      this.#lateUs = lateUs;
    }
    this.#lateUs = Math.max(this.#lateUs, lateUs);
  }
}

/** How long a packet lasts, and what goes on with it where it ends in DTX. */
function readPacket(packet: Uint8Array): {
  readonly durationUs: number;
  readonly noise: { readonly packet: Uint8Array; readonly us: number } | undefined;
} {
  try {
    const { durationUs, frameUs } = parseOpusPacket(packet);
    const isDtx = packet.length <= maxDtxBytes && frameUs >= minNoisePacketUs;
    // RFC 6716 section 3.2.1: a frame without bytes is one that was not sent.
    const toc = (packet[0] ?? 0) & ~frameCountCode;
    return {
      durationUs: Math.min(durationUs, maxOpusPacketUs),
      noise: isDtx ? { packet: Uint8Array.of(toc), us: frameUs } : undefined,
    };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { durationUs: silentPacketUs, noise: undefined };
  }
}
