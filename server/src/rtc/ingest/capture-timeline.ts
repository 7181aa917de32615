import { ticksToUs } from "@millrace/media/frame";
import { type NtpTime, ntpToWallMs, TimestampUnwrapper } from "@millrace/media/rtp";

/** How much of the media time that passes an offset may move by, so that no time runs backwards and no ear notices. */
const slewPart = 8;
/** Before the first report, a frame that comes sooner than all before it shows how late those were, for this long. */
const learnUs = 1_000_000;
/** A report that moves a line by more than this speaks of another clock. */
const maxAlignUs = 2_000_000;
/** RTP time that runs away from arrival by more than this has begun anew. */
const maxRunawayUs = 5_000_000;
const transitSmoothing = 16;
const delaySmoothing = 8;

/** What a sender report says: an RTP timestamp and the publisher's clock at the same instant. */
interface Report {
  readonly ntpUs: number;
  readonly rtpTime: number;
}

/**
 * One microsecond time line for all that a publisher sends. It is the publisher's own clock (the NTP time in its
 * sender reports) moved by a constant, so that sound, picture and all layers are aligned; the constant is
 * chosen so that times stay near the arrival on our clock. Lines that have no report yet follow their arrival.
 */
export class CaptureTimeline {
  readonly #maxDelayUs: number;
  /** To add to the publisher's clock; undefined before the first report. */
  #shiftUs: number | undefined;
  /** The kind of line that chose the shift. */
  #shiftedBy: "video" | "audio" | undefined;
  readonly #lines = new Set<CaptureLine>();
  /** From the time line to arrival; undefined before the first frame. */
  #transitUs: number | undefined;
  #delayUs: number | undefined;

  /** @param maxDelayUs longest delay from capture to arrival that is believed */
  constructor(maxDelayUs: number) {
    this.#maxDelayUs = maxDelayUs;
  }

  /** Smoothed delay from capture to the given stream time; undefined before the first report. */
  get captureDelayUs(): number | undefined {
    return this.#delayUs;
  }

  /** A new SSRC. Its owner closes it. */
  open(kind: "video" | "audio", clockRate: number): CaptureLine {
    const line = new CaptureLine(this, kind, clockRate);
    this.#lines.add(line);
    return line;
  }

  /** For CaptureLine. */
  close(line: CaptureLine): void {
    this.#lines.delete(line);
  }

  /** For CaptureLine: where on the time line something stands that arrived then, as far as arrival tells. */
  fromArrival(arrivedUs: number): number {
    return arrivedUs - (this.#transitUs ?? 0);
  }

  /** For CaptureLine: a frame's place and arrival. */
  observe(us: number, arrivedUs: number): void {
    const transit = arrivedUs - us;
    if (this.#transitUs === undefined) this.#transitUs = transit;
    else this.#transitUs += (transit - this.#transitUs) / transitSmoothing;
  }

  /**
   * For CaptureLine: the place on the time line of an instant that the line believes to be at `believedUs`.
   * The first line to report keeps its times, and sound keeps them over video: a gap in sound is heard.
   */
  align(line: CaptureLine, ntpUs: number, believedUs: number): number {
    const shift = this.#shiftUs;
    const errorUs = shift === undefined ? 0 : ntpUs + shift - believedUs;
    const isAnotherClock = Math.abs(errorUs) > maxAlignUs;
    if (shift === undefined || isAnotherClock) {
      this.#shiftUs = believedUs - ntpUs;
      this.#shiftedBy = line.kind;
      return believedUs;
    }
    if (line.kind === "audio" && this.#shiftedBy === "video") {
      this.#shiftUs = shift - errorUs;
      this.#shiftedBy = "audio";
      for (const other of this.#lines) if (other !== line) other.move(-errorUs);
      return believedUs;
    }
    return ntpUs + shift;
  }

  /**
   * A report was sent at `ntpUs` by the publisher's clock and came `travelUs` later, at `streamUs` on the stream's
   * clock; `streamShiftUs` leads from the time line to the stream's. What a frame's stream time is later than its
   * capture follows. Reports that waited on their way make it seem shorter, so it falls slowly.
   */
  measureDelay(ntpUs: number, streamUs: number, travelUs: number, streamShiftUs: number): void {
    if (this.#shiftUs === undefined) return;
    const measured = ntpUs + this.#shiftUs + streamShiftUs - (streamUs - travelUs);
    const delay = Math.min(Math.max(measured, 0), this.#maxDelayUs);
    const before = this.#delayUs;
    if (before === undefined || delay > before) this.#delayUs = delay;
    else this.#delayUs = before + (delay - before) / delaySmoothing;
  }
}

/** The RTP time of one SSRC on its publisher's time line. */
export class CaptureLine {
  readonly kind: "video" | "audio";
  readonly #timeline: CaptureTimeline;
  readonly #clockRate: number;
  #unwrapper = new TimestampUnwrapper();
  /** From RTP time in microseconds to the time line: what is used, and where it goes. */
  #offsetUs: number | undefined;
  #targetUs = 0;
  #lastRtpUs = 0;
  #lastTicks = 0;
  #lastArrivedUs = 0;
  #learnUntilUs = 0;
  #reported = false;
  #pending: Report | undefined;

  constructor(timeline: CaptureTimeline, kind: "video" | "audio", clockRate: number) {
    this.#timeline = timeline;
    this.kind = kind;
    this.#clockRate = clockRate;
  }

  /** Whether sender reports say where it stands. */
  get reported(): boolean {
    return this.#reported;
  }

  /** The time of a frame with this RTP timestamp that arrived then. Frames come in order. */
  timeOf(timestamp: number, arrivedUs: number): number {
    let ticks = this.#unwrapper.unwrap(timestamp);
    let rtpUs = ticksToUs(ticks, this.#clockRate);
    const runaway = rtpUs - this.#lastRtpUs - (arrivedUs - this.#lastArrivedUs);
    if (this.#offsetUs === undefined || Math.abs(runaway) > maxRunawayUs) {
      this.#unwrapper = new TimestampUnwrapper();
      ticks = this.#unwrapper.unwrap(timestamp);
      rtpUs = ticksToUs(ticks, this.#clockRate);
      this.#anchor(rtpUs, arrivedUs);
    } else if (!this.#reported && arrivedUs < this.#learnUntilUs) {
      // At once: a place that moves with arrival can never be before the one of the frame before.
      const soonest = this.#timeline.fromArrival(arrivedUs) - rtpUs;
      if (soonest < this.#targetUs) {
        this.#targetUs = soonest;
        this.#offsetUs = soonest;
      }
    }
    const elapsedUs = Math.max(0, rtpUs - this.#lastRtpUs);
    this.#lastTicks = ticks;
    this.#lastRtpUs = Math.max(this.#lastRtpUs, rtpUs);
    this.#lastArrivedUs = arrivedUs;
    if (this.#pending !== undefined) this.#apply(this.#pending);
    this.#slew(elapsedUs / slewPart);
    const us = Math.round(rtpUs + (this.#offsetUs ?? 0));
    this.#timeline.observe(us, arrivedUs);
    return us;
  }

  /** A sender report. Undefined: it says nothing about the publisher's clock, otherwise that clock in microseconds. */
  report(ntp: NtpTime, rtpTime: number): number | undefined {
    // RFC 3550 section 6.4.1: a sender without a clock says 0.
    if (ntp.seconds === 0 && ntp.fraction === 0) return undefined;
    const report = { ntpUs: ntpToWallMs(ntp) * 1000, rtpTime };
    if (this.#offsetUs === undefined) this.#pending = report;
    else this.#apply(report);
    return report.ntpUs;
  }

  /** For CaptureTimeline: the time line moved under this line. */
  move(us: number): void {
    if (this.#reported) this.#targetUs += us;
  }

  /** May be called twice. */
  close(): void {
    this.#timeline.close(this);
  }

  #anchor(rtpUs: number, arrivedUs: number): void {
    this.#offsetUs = this.#timeline.fromArrival(arrivedUs) - rtpUs;
    this.#targetUs = this.#offsetUs;
    this.#lastRtpUs = rtpUs;
    this.#learnUntilUs = arrivedUs + learnUs;
    this.#reported = false;
  }

  #apply(report: Report): void {
    this.#pending = undefined;
    const ticks = this.#lastTicks + ((report.rtpTime - this.#lastTicks) | 0);
    const rtpUs = ticksToUs(ticks, this.#clockRate);
    const believedUs = rtpUs + this.#targetUs;
    this.#targetUs = this.#timeline.align(this, report.ntpUs, believedUs) - rtpUs;
    this.#reported = true;
  }

  #slew(mostUs: number): void {
    const offset = this.#offsetUs ?? this.#targetUs;
    const error = this.#targetUs - offset;
    if (error > mostUs) this.#offsetUs = offset + mostUs;
    else if (error < -mostUs) this.#offsetUs = offset - mostUs;
    else this.#offsetUs = this.#targetUs;
  }
}
