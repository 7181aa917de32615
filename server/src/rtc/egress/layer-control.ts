import { parseTransportCc, type ReportBlock } from "@millrace/media/rtp";
import { ProtocolError } from "../../core/index.ts";
import { BandwidthEstimator, LayerChooser, type ProbePlan } from "../bandwidth/index.ts";
import type { RtpOutput } from "./rtp-output.ts";
import { TransportSequence } from "./transport-sequence.ts";

/** What the viewer, not its network, says about the layer that it wants. */
export interface LayerWish {
  /** `rid` of a layer that is shown whatever the network says; undefined: automatic. */
  readonly rid: string | undefined;
  /** Device pixels in which the video is shown; undefined: not told. */
  readonly viewport: { readonly width: number; readonly height: number } | undefined;
}

/** What comes out of looking at a viewer's network and wishes. */
export interface LayerDecision {
  /** Index of the layer to show; -1 when none is there. */
  readonly index: number;
  readonly probe: ProbePlan | undefined;
}

/** Figures of one viewer's bandwidth estimate. */
export interface BandwidthStats {
  readonly estimateBps: number;
  readonly lossShare: number;
  readonly roundTripMs: number | undefined;
}

/** Decides which simulcast layer one viewer is sent, from what its network carries and what it wants to see. */
export class LayerControl {
  readonly estimator: BandwidthEstimator = new BandwidthEstimator();
  readonly transport: TransportSequence = new TransportSequence(this.estimator);
  readonly #chooser = new LayerChooser();
  #wish: LayerWish = { rid: undefined, viewport: undefined };
  /** Feedback that was authentic, but no feedback. */
  malformed = 0;

  /** Takes what the viewer wants. */
  wish(wish: LayerWish): void {
    this.#wish = wish;
  }

  get stats(): BandwidthStats {
    const { estimateBps, lossShare, roundTripUs } = this.estimator;
    const roundTripMs = roundTripUs === undefined ? undefined : roundTripUs / 1000;
    return { estimateBps, lossShare, roundTripMs };
  }

  /** Takes the contents of a transport-wide feedback packet. */
  feedback(data: Uint8Array, nowUs: number): void {
    try {
      this.estimator.feedback(parseTransportCc(data), nowUs);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.malformed++;
    }
  }

  remb(bitrateBps: number, nowUs: number): void {
    this.estimator.remb(bitrateBps, nowUs);
  }

  report(block: ReportBlock, roundTripMs: number | undefined, nowUs: number): void {
    const roundTripUs = roundTripMs === undefined ? undefined : roundTripMs * 1000;
    this.estimator.report(block.fractionLost / 256, roundTripUs, nowUs);
  }

  /** To be asked several times a second. `audioBps`: what the sound takes. */
  decide(layers: readonly RtpOutput[], audioBps: number, nowUs: number): LayerDecision {
    const { estimator } = this;
    estimator.tick(nowUs);
    const rid = this.#wish.rid;
    const pinned =
      rid === undefined ? -1 : layers.findIndex((layer) => layer.encoding?.rid === rid);
    const index = this.#chooser.choose({
      layers: layers.map(situation),
      estimateBps: estimator.estimateBps,
      viewport: this.#wish.viewport,
      pinned: pinned < 0 ? undefined : pinned,
      audioBps,
      nowUs,
    });
    return { index, probe: estimator.nextProbe(nowUs, this.#chooser.wantedBps) };
  }
}

function situation({ encoding }: RtpOutput): {
  bitrateBps: number;
  width: number;
  height: number;
  active: boolean;
} {
  if (encoding === undefined) return { bitrateBps: 0, width: 0, height: 0, active: false };
  const { bitrateBps, width, height, active } = encoding;
  return { bitrateBps, width, height, active };
}
