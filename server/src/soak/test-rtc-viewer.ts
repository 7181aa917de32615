import {
  compactNtp,
  type NtpTime,
  ntpToWallMs,
  parseRtcp,
  parseRtp,
  type RtpPacket,
  writeNack,
  writeReceiverReport,
} from "@millrace/media/rtp";
import { type Clock, type Stream, silentLog } from "../core/index.ts";
import type { EgressCore } from "../rtc/egress/core.ts";
import { PacerDriver } from "../rtc/egress/pacer-driver.ts";
import { ReportWheel } from "../rtc/egress/report-wheel.ts";
import { StreamOutputs } from "../rtc/egress/stream-outputs.ts";
import { audioMedia, testKeys, videoMedia } from "../rtc/egress/test-rig.ts";
import { type EgressPeer, ViewerEgress } from "../rtc/egress/viewer-egress.ts";
import type { SrtpProfile } from "../rtc/peer.ts";
import { SrtpReceiver, SrtpSender } from "../rtc/srtp/index.ts";

/** What WebRTC viewers share, as in `rtc/gateway`. */
export interface RtcParts {
  readonly clock: Clock;
  readonly core: EgressCore;
  readonly driver: PacerDriver;
  readonly wheel: ReportWheel;
  readonly outputs: StreamOutputs;
}

const rtxSsrc = 0x2222;
const ownSsrc = 0x99;
/** Packets that are asked for so often are given up. */
const maxAsks = 5;

/** One m-line as its receiver sees it. Keeps no packets. */
export class ReceivedLine {
  readonly #clockRate: number;
  readonly #clock: Clock;
  /** How often each packet was asked for that is missing, by its extended number. */
  readonly #missing = new Map<number, number>();
  #newest: number | undefined;
  #time = 0;
  /** Of the last sender report. */
  #report: { readonly wallMs: number; readonly time: number } | undefined;
  /** Without wraps. */
  #reportCompact = 0;
  packets = 0;
  /** How often the 16 bits of the sequence number, and the 32 of the time, went round. */
  sequenceWraps = 0;
  timeWraps = 0;
  recovered = 0;
  lost = 0;
  /** Times that ran backwards from one packet to the next. */
  faults = 0;
  /** From its capture, as the sender reports tell, to the last packet of the last frame. Milliseconds. */
  lagMs: number | undefined;

  constructor(clockRate: number, clock: Clock) {
    this.#clockRate = clockRate;
    this.#clock = clock;
  }

  take(packet: RtpPacket, extended: number): void {
    this.packets++;
    const newest = this.#newest;
    if (newest !== undefined) {
      if (extended <= newest) {
        if (this.#missing.delete(extended)) this.recovered++;
        return;
      }
      for (let gap = newest + 1; gap < extended; gap++) this.#missing.set(gap, 0);
      if (extended >>> 16 > newest >>> 16) this.sequenceWraps++;
      if (packet.timestamp < this.#time) this.timeWraps++;
      if (((packet.timestamp - this.#time) | 0) < 0) this.faults++;
    }
    this.#newest = extended;
    this.#time = packet.timestamp;
    if (packet.marker || this.#clockRate === 48_000) this.#measure();
  }

  /** A packet that was sent again, by its original number. */
  recover(sequence: number): void {
    const newest = this.#newest ?? sequence;
    if (this.#missing.delete(newest - ((newest - sequence) & 0xffff))) this.recovered++;
  }

  reported(ntp: NtpTime, rtpTime: number): void {
    this.#report = { wallMs: ntpToWallMs(ntp), time: rtpTime };
    this.#reportCompact = compactNtp(ntp);
  }

  /** What to ask for again now, oldest first. */
  asks(): number[] {
    const sequences: number[] = [];
    for (const [extended, asked] of this.#missing) {
      if (asked >= maxAsks) {
        this.#missing.delete(extended);
        this.lost++;
        continue;
      }
      this.#missing.set(extended, asked + 1);
      sequences.push(extended & 0xffff);
    }
    return sequences;
  }

  /** Packets that are missing and neither recovered nor given up. */
  get missing(): number {
    return this.#missing.size;
  }

  get highestSequence(): number {
    return (this.#newest ?? 0) >>> 0;
  }

  get lastSenderReport(): number {
    return this.#reportCompact;
  }

  #measure(): void {
    if (this.#report === undefined) return;
    const { wallMs, time } = this.#report;
    const capturedMs = wallMs + (((this.#time - time) | 0) * 1000) / this.#clockRate;
    this.lagMs = this.#clock.wallMs() - capturedMs;
  }
}

/** A connected viewer: what the gateway makes of it, and its browser, which loses packets and asks for them. */
export class RtcViewer implements EgressPeer {
  readonly video: ReceivedLine;
  readonly audio: ReceivedLine;
  readonly egress: ViewerEgress;
  readonly #parts: RtcParts;
  readonly #receive: SrtpReceiver;
  readonly #send: SrtpSender;
  readonly #release: () => void;
  /** One packet in so many is lost; 0: none. */
  readonly #losesEvery: number;
  readonly #rarely: boolean;
  #sent = 0;
  failed: unknown;

  constructor(
    parts: RtcParts,
    stream: Stream,
    options: {
      profile?: SrtpProfile;
      losesEvery?: number;
      /** Reports only when the browser answers, which makes a day shorter. */
      rarely?: boolean;
    } = {},
  ) {
    const { clock, core, driver } = parts;
    const keys = testKeys(options.profile);
    this.#parts = parts;
    this.#losesEvery = options.losesEvery ?? 0;
    this.#receive = new SrtpReceiver(keys.profile, keys.local);
    this.#send = new SrtpSender(keys.profile, keys.remote);
    this.video = new ReceivedLine(90_000, clock);
    this.audio = new ReceivedLine(48_000, clock);
    const lease = parts.outputs.lease(stream);
    this.#release = lease.release;
    this.egress = new ViewerEgress({
      output: lease.output,
      keys,
      media: [videoMedia(), audioMedia()],
      peer: this,
      core,
      driver,
      clock,
      onBye() {},
      onFailed: (error) => {
        this.failed = error;
      },
      onReport() {},
    });
    this.egress.start();
    this.#rarely = options.rarely ?? false;
    if (!this.#rarely) parts.wheel.add(this.egress);
  }

  /** A datagram for the browser. */
  send(datagram: Uint8Array): void {
    const bytes = Uint8Array.from(datagram);
    const type = bytes[1] ?? 0;
    if (type >= 192 && type <= 223) this.#takeRtcp(bytes);
    else if (this.#losesEvery === 0 || ++this.#sent % this.#losesEvery !== 0) this.#takeRtp(bytes);
  }

  alive(): void {}

  /** The browser reports, and asks for what is missing. To be called now and then. */
  answer(): void {
    const { video, audio } = this;
    if (this.#rarely) this.egress.report();
    const blocks = [
      { line: video, ssrc: 0x1111 },
      { line: audio, ssrc: 0x3333 },
    ].map(({ line, ssrc }) => ({
      ssrc,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence: line.highestSequence,
      jitter: 0,
      lastSenderReport: line.lastSenderReport,
      delaySinceLastSenderReport: 0,
    }));
    this.#sendRtcp(writeReceiverReport(ownSsrc, blocks));
    const sequences = video.asks();
    if (sequences.length > 0) this.#sendRtcp(writeNack(ownSsrc, 0x1111, sequences));
  }

  /** May be called twice. */
  close(): void {
    this.#parts.wheel.remove(this.egress);
    this.egress.close();
    this.#release();
  }

  #sendRtcp(compound: Uint8Array): void {
    const out = new Uint8Array(compound.length + this.#send.rtcpOverheadBytes);
    const length = this.#send.sealRtcp(out, 0, compound);
    this.egress.datagram(out.subarray(0, length), this.#parts.clock.nowUs());
  }

  #takeRtp(bytes: Uint8Array): void {
    const opened = this.#receive.openRtp(bytes);
    if (typeof opened === "string") throw new Error(opened);
    const packet = parseRtp(opened.packet);
    const { ssrc, payload } = packet;
    if (ssrc === rtxSsrc) this.video.recover(((payload[0] ?? 0) << 8) | (payload[1] ?? 0));
    else (ssrc === 0x1111 ? this.video : this.audio).take(packet, opened.extendedSequence);
  }

  #takeRtcp(bytes: Uint8Array): void {
    const compound = this.#receive.openRtcp(bytes);
    if (typeof compound === "string") throw new Error(compound);
    for (const part of parseRtcp(compound)) {
      if (part.type !== "sender-report") continue;
      (part.ssrc === 0x1111 ? this.video : this.audio).reported(part.ntp, part.rtpTime);
    }
  }
}

/** What WebRTC viewers share, on that tier. */
export function createRtcParts(clock: Clock, core: EgressCore): RtcParts {
  const shared = { clock, core, log: silentLog };
  return {
    clock,
    core,
    driver: new PacerDriver(shared),
    wheel: new ReportWheel(clock, silentLog),
    outputs: new StreamOutputs(shared),
  };
}
