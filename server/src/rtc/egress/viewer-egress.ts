import { wallMsToNtp } from "@millrace/media/rtp";
import type { CaptureTime } from "@millrace/signaling/session";
import type { Clock } from "../../core/index.ts";
import { maxRtcpPerSecond } from "../limits.ts";
import type { SendMedia, SrtpKeys } from "../peer.ts";
import { packetKind, SrtpReceiver } from "../srtp/index.ts";
import { TokenBucket } from "../token-bucket.ts";
import type { DatagramPort, EgressCore, EgressLink } from "./core.ts";
import { EgressLine, type LineStats, type PacerStats } from "./egress-line.ts";
import { Feedback, type NetworkFeedback } from "./feedback.ts";
import { type BandwidthStats, LayerControl, type LayerWish } from "./layer-control.ts";
import { MediaSender } from "./media-sender.ts";
import type { PacerDriver } from "./pacer-driver.ts";
import { defaultPacerLimits, type PacerLimits } from "./pacer-limits.ts";
import type { Reporter } from "./report-wheel.ts";
import type { RtpOutput } from "./rtp-output.ts";
import { writeLineBye, writeLineReport } from "./sender-reports.ts";
import type { StreamOutput } from "./stream-output.ts";

/** What an egress needs of a peer; `Peer` has it. */
export interface EgressPeer extends DatagramPort {
  alive(nowUs: number): void;
}

export interface ViewerEgressOptions {
  readonly output: StreamOutput;
  readonly keys: SrtpKeys;
  readonly media: readonly SendMedia[];
  readonly peer: EgressPeer;
  readonly core: EgressCore;
  readonly driver: PacerDriver;
  readonly clock: Clock;
  readonly limits?: Partial<PacerLimits>;
  /** The viewer said goodbye. */
  onBye(): void;
  /** A bug of ours stopped a line. */
  onFailed(error: unknown): void;
  /** Called with every report. */
  onReport(): void;
  /** Another simulcast layer is shown from now on; undefined: there are none. */
  onLayer?(rid: string | undefined): void;
}

/** Figures of one viewer, for the API. */
export interface ViewerEgressStats {
  /** Datagram bytes of all lines and of our reports. */
  readonly bytes: number;
  readonly lines: readonly LineStats[];
  readonly pacer: PacerStats | undefined;
  readonly roundTripMs: number | undefined;
  readonly nacks: number;
  readonly keyRequests: number;
  readonly rembBps: number | undefined;
  /** `rid` of the simulcast layer that is shown; undefined without simulcast. */
  readonly layer: string | undefined;
  /** Set for simulcast. */
  readonly bandwidth: BandwidthStats | undefined;
  /** RTCP that was authentic, but no RTCP. */
  readonly malformed: number;
  /** Datagrams that were not authentic, came twice or were too many. */
  readonly refused: number;
}

/** Of the reports that are due the first so many are sent, then one in `reportStride`: what they tell changes slowly. */
const eagerReports = 4;
const reportStride = 3;

/** Everything that is sent to one connected viewer, and what it answers. */
export class ViewerEgress implements Reporter, NetworkFeedback {
  readonly #options: ViewerEgressOptions;
  readonly #link: EgressLink;
  readonly #srtp: SrtpReceiver;
  readonly #rtcp: TokenBucket;
  readonly #video: EgressLine | undefined;
  readonly #audio: EgressLine | undefined;
  readonly #lines: readonly EgressLine[];
  readonly #feedback: Feedback;
  #control: LayerControl | undefined;
  #wish: LayerWish = { rid: undefined, viewport: undefined };
  #shownLayer: string | undefined;
  #refused = 0;
  #rtcpBytes = 0;
  #reportTurns = 0;
  #closed = false;

  constructor(options: ViewerEgressOptions) {
    const { core, keys, peer } = options;
    this.#options = options;
    this.#link = core.open(keys, peer);
    this.#srtp = new SrtpReceiver(keys.profile, keys.remote, { createCipher: core.createCipher });
    this.#rtcp = new TokenBucket(maxRtcpPerSecond, maxRtcpPerSecond, options.clock.nowUs());
    this.#video = this.#openLine("video");
    this.#audio = this.#openLine("audio");
    this.#lines = [this.#video, this.#audio].filter((line) => line !== undefined);
    this.#feedback = new Feedback(this.#lines, this, options.onBye);
  }

  get stats(): ViewerEgressStats {
    const { nacks, keyRequests, rembBps, malformed } = this.#feedback;
    const pacer = this.#lines.find((line) => line.pacerStats !== undefined)?.pacerStats;
    const roundTripMs = this.#lines
      .map((line) => line.reception.roundTripMs)
      .find((ms) => ms !== undefined);
    const lines = this.#lines.map((line) => line.stats);
    return {
      bytes: lines.reduce((sum, { bytes }) => sum + bytes, this.#rtcpBytes),
      lines,
      pacer,
      roundTripMs,
      nacks,
      keyRequests,
      rembBps,
      layer: this.#video?.output.encoding?.rid,
      bandwidth: this.#control?.stats,
      malformed: malformed + (this.#control?.malformed ?? 0),
      refused: this.#refused,
    };
  }

  /** How the RTP time of the video, or without video of the audio, maps to the capture time; undefined before the first frame. */
  get captureTime(): CaptureTime | undefined {
    for (const { output, sender } of this.#lines) {
      const latest = output.history.latest;
      if (latest === undefined) continue;
      return {
        rtpTime: sender.rtpTime(latest.ticks),
        clockRate: output.clockRate,
        wallMs: this.#options.output.stream.captureWallMs(latest.ptsUs),
      };
    }
    return undefined;
  }

  /** Begins to send, and reports at once so that sound and picture are together from the first second. */
  start(): void {
    this.#followLayers(this.#options.clock.nowUs());
    for (const line of this.#lines) line.start();
    this.#sendReports();
    this.#options.core.flush();
  }

  /** A datagram from the peer's validated address, not changed and not kept. */
  datagram(bytes: Uint8Array, nowUs: number): void {
    if (this.#closed) return;
    // A viewer sends no media, so whatever else arrives is refused unopened.
    const isRtcp = packetKind(bytes) === "rtcp" && this.#rtcp.take(1, nowUs);
    const compound = isRtcp ? this.#srtp.openRtcp(bytes) : ("SRTP_MALFORMED" as const);
    if (typeof compound === "string") {
      this.#refused++;
      return;
    }
    this.#options.peer.alive(nowUs);
    this.#feedback.receive(compound, nowUs);
    this.#options.core.flush();
  }

  /** From the feedback. */
  transport(data: Uint8Array, nowUs: number): void {
    if (this.#control === undefined) return;
    this.#control.feedback(data, nowUs);
    this.#followLayers(nowUs);
  }

  /** From the feedback. */
  remb(bitrateBps: number, nowUs: number): void {
    if (this.#control === undefined) return;
    this.#control.remb(bitrateBps, nowUs);
    this.#followLayers(nowUs);
  }

  /** The viewer wants another layer, or shows the video in another size. */
  prefer(wish: LayerWish): void {
    this.#wish = wish;
    this.#control?.wish(wish);
    if (!this.#closed) this.#followLayers(this.#options.clock.nowUs());
  }

  /** The output has other layers. */
  layersChanged(): void {
    if (!this.#closed) this.#followLayers(this.#options.clock.nowUs());
  }

  report(): void {
    if (this.#closed) return;
    this.#followLayers(this.#options.clock.nowUs());
    const turn = this.#reportTurns++;
    if (turn < eagerReports || turn % reportStride === 0) {
      this.#sendReports();
      this.#options.core.flush();
    }
    this.#options.onReport();
  }

  failed(error: unknown): void {
    this.#options.onFailed(error);
  }

  /** Says goodbye and stops sending. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const line of this.#lines) line.close();
    try {
      this.#sayGoodbye();
    } finally {
      this.#link.close();
    }
  }

  #openLine(kind: "video" | "audio"): EgressLine | undefined {
    const { media, output, driver, clock, limits, onFailed } = this.#options;
    const line = media.find((offered) => offered.kind === kind);
    if (line === undefined) return undefined;
    const isConversational = output.audio.encoding !== undefined && media.some(isAudio);
    return new EgressLine({
      output: kind === "audio" ? output.audio : output.video,
      sender: new MediaSender(isConversational ? withoutPlayoutDelay(line) : line, this.#link),
      driver,
      limits: { ...defaultPacerLimits, ...limits },
      clock,
      onFailed,
      onReported: (block, roundTripMs, nowUs) => {
        if (kind === "video") this.#control?.report(block, roundTripMs, nowUs);
      },
    });
  }

  /** Sends the layer that suits the viewer's network and wishes. */
  #followLayers(nowUs: number): void {
    const video = this.#video;
    if (video === undefined) return;
    const { layers } = this.#options.output;
    const [only] = layers;
    if (layers.length > 1) this.#choose(video, layers, nowUs);
    else if (only !== undefined) video.select(only);
    const shown = video.output.encoding?.rid;
    if (shown === this.#shownLayer) return;
    this.#shownLayer = shown;
    this.#options.onLayer?.(shown);
  }

  #choose(video: EgressLine, layers: readonly RtpOutput[], nowUs: number): void {
    this.#control ??= this.#openControl(video);
    const control = this.#control;
    const { index, probe } = control.decide(layers, this.#audio?.output.rateBps ?? 0, nowUs);
    const layer = layers[index];
    if (layer !== undefined) video.select(layer);
    if (probe !== undefined) video.probe(probe);
    video.linkBps = control.estimator.estimateBps;
  }

  /** Estimating costs something per packet, so it begins with the first stream that has layers. */
  #openControl(video: EgressLine): LayerControl {
    const control = new LayerControl();
    control.wish(this.#wish);
    video.sender.count(control.transport);
    return control;
  }

  #sayGoodbye(): void {
    const ntp = wallMsToNtp(this.#options.clock.wallMs());
    for (const { sender, output } of this.#lines) {
      this.#rtcpBytes += this.#link.rtcp(writeLineBye(sender, ntp, output.nowTicks()));
    }
    this.#options.core.flush();
  }

  /** One instant for all lines. */
  #sendReports(): void {
    const ntp = wallMsToNtp(this.#options.clock.wallMs());
    for (const { sender, output } of this.#lines) {
      if (sender.packets === 0) continue;
      this.#rtcpBytes += this.#link.rtcp(writeLineReport(sender, ntp, output.nowTicks()));
    }
  }
}

function isAudio({ kind }: SendMedia): boolean {
  return kind === "audio";
}

/**
 * A receiver that is told to render at once does not wait for the sound. That of a WebRTC publisher comes evenly, so that
 * putting both together costs the picture some 30 ms. That of an encoder comes in bursts, for which the receiver's
 * buffer grows to 100 ms and more: there the picture goes first, by less than people notice (ITU-R BT.1359: 125 ms).
 */
function withoutPlayoutDelay(media: SendMedia): SendMedia {
  const { playoutDelay: _, ...extensions } = media.extensions;
  return { ...media, extensions };
}
