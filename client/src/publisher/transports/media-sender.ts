import type { CodecCapability } from "../codecs.ts";

/** One encoding as it is to be, in the order in which the sender was made with them. */
export interface SenderEncoding {
  readonly rid?: string | undefined;
  readonly active?: boolean;
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate: number;
  readonly maxFramerate?: number;
}

/** How one track is to be sent. */
export interface SenderPlan {
  readonly track: MediaStreamTrack;
  readonly encodings: readonly SenderEncoding[];
  readonly contentHint: string;
  readonly degradationPreference?: RTCDegradationPreference;
}

/**
 * One m-line that sends: made when there is something to send for the first time, inactive while there is
 * nothing. Changes are applied one after the other, the latest wins.
 */
export class MediaSender {
  readonly #peer: RTCPeerConnection;
  readonly #kind: "audio" | "video";
  #transceiver: RTCRtpTransceiver | undefined;
  #plan: SenderPlan | undefined;
  #working = false;
  #dirty = false;
  #closed = false;

  constructor(peer: RTCPeerConnection, kind: "audio" | "video") {
    this.#peer = peer;
    this.#kind = kind;
  }

  /** Names of the layers that are sent, in order. */
  get rids(): readonly (string | undefined)[] {
    return this.#plan?.encodings.map(({ rid }) => rid) ?? [];
  }

  /** Sends by `plan` from now on; undefined sends nothing. `codecs` count when the line is made. */
  set(plan: SenderPlan | undefined, codecs?: readonly CodecCapability[]): void {
    if (this.#closed) return;
    this.#plan = plan;
    if (plan !== undefined && "contentHint" in plan.track)
      plan.track.contentHint = plan.contentHint;
    if (this.#transceiver === undefined) {
      if (plan === undefined) return;
      this.#transceiver = this.#make(plan, codecs);
    }
    const direction = plan === undefined ? "inactive" : "sendonly";
    // Asks for a negotiation by itself, when it changes.
    if (this.#transceiver.direction !== direction) this.#transceiver.direction = direction;
    this.#dirty = true;
    if (!this.#working) void this.#work(this.#transceiver.sender);
  }

  /** Nothing is changed any more; the peer connection's owner closes that. */
  close(): void {
    this.#closed = true;
  }

  #make(plan: SenderPlan, codecs: readonly CodecCapability[] | undefined): RTCRtpTransceiver {
    const transceiver = this.#peer.addTransceiver(plan.track, {
      direction: "sendonly",
      sendEncodings: plan.encodings.map(encodingParameters),
    });
    if (codecs !== undefined && this.#kind === "video") {
      transceiver.setCodecPreferences(codecs.map((codec) => codec as RTCRtpCodec));
    }
    return transceiver;
  }

  async #work(sender: RTCRtpSender): Promise<void> {
    this.#working = true;
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      const plan = this.#plan;
      try {
        const track = plan?.track ?? null;
        if (sender.track !== track) await sender.replaceTrack(track);
        if (plan !== undefined && !this.#closed) await applyPlan(sender, plan);
      } catch {
        // The connection is closed, or the browser knows one of the parameters not: it sends as it can.
      }
    }
    this.#working = false;
  }
}

async function applyPlan(sender: RTCRtpSender, plan: SenderPlan): Promise<void> {
  const parameters = sender.getParameters();
  parameters.encodings.forEach((encoding, index) => {
    // How many there are is settled when the line is made: the largest are the ones that count.
    const wanted = plan.encodings[index + plan.encodings.length - parameters.encodings.length];
    const { rid: _, ...rest } = wanted ?? { rid: undefined, active: false };
    Object.assign(encoding, rest);
  });
  if (plan.degradationPreference !== undefined) {
    parameters.degradationPreference = plan.degradationPreference;
  }
  await sender.setParameters(parameters);
}

function encodingParameters({ rid, ...rest }: SenderEncoding): RTCRtpEncodingParameters {
  return rid === undefined ? rest : { ...rest, rid };
}
