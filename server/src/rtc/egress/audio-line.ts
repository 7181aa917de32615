import { ticksToUs } from "@millrace/media/frame";
import type { MediaSender } from "./media-sender.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import { type ResendAllowance, Retransmitter } from "./retransmitter.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import type { RtpOutput } from "./rtp-output.ts";

/** After a pause this long a new talkspurt begins. Longer than the longest Opus packet, 120 ms. */
const talkspurtGapUs = 200_000;

/**
 * Sound that begins late is not caught up: a transcoder that just started hands out what it had queued in one burst,
 * which the viewer's jitter buffer would keep as delay. So it is left out, for this long at most.
 */
const staleUs = 150_000;
const maxWaitUs = 1_000_000;

/** Sends the audio of one viewer: every packet at once, for audio is small and must not wait. */
export class AudioLine {
  readonly #output: RtpOutput;
  readonly #sender: MediaSender;
  readonly #resends: Retransmitter;
  #lastUs = Number.NEGATIVE_INFINITY;
  /** When the first frame came since the sound began. */
  #beginsUs: number | undefined;
  #begun = false;
  /** Frames left out because they were late when the sound began. */
  staleFrames = 0;

  constructor(options: {
    readonly output: RtpOutput;
    readonly sender: MediaSender;
    readonly driver: ResendAllowance;
    readonly limits: PacerLimits;
    readonly nowUs: number;
  }) {
    this.#output = options.output;
    this.#sender = options.sender;
    this.#resends = new Retransmitter(
      options.sender,
      options.limits,
      options.driver,
      options.nowUs,
    );
  }

  get refusedResends(): number {
    return this.#resends.refused;
  }

  /** Sends a frame. RFC 7587 section 4.2 and RFC 3551 section 4.1: the marker begins a talkspurt. */
  frame(frame: RtpFrame): void {
    if (!this.#begun && this.#isStale(frame)) {
      this.staleFrames++;
      return;
    }
    this.#begun = true;
    const mark = frame.ptsUs - this.#lastUs > talkspurtGapUs;
    this.#lastUs = frame.ptsUs;
    const timed = frame.timed || mark;
    this.#sender.whole(frame, this.#output.history, frame.ticks, mark, timed);
  }

  /** The viewer lacks packets with these 16-bit sequence numbers. */
  missing(sequences: readonly number[], roundTripUs: number, nowUs: number): void {
    this.#resends.request(sequences, roundTripUs, nowUs);
    this.#resends.fill(nowUs, this.#output.rateBps);
    while (this.#resends.sendOne(nowUs) > 0);
  }

  /** Other audio follows. */
  restart(): void {
    this.#lastUs = Number.NEGATIVE_INFINITY;
    this.#beginsUs = undefined;
    this.#begun = false;
  }

  #isStale(frame: RtpFrame): boolean {
    const nowUs = ticksToUs(this.#output.nowTicks(), this.#output.clockRate);
    this.#beginsUs ??= nowUs;
    return nowUs - frame.ptsUs > staleUs && nowUs - this.#beginsUs < maxWaitUs;
  }
}
