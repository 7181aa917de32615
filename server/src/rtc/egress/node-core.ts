import type { Clock } from "../../core/index.ts";
import type { SrtpKeys } from "../peer.ts";
import { type CreateCipher, createPacketCipher, SrtpSender } from "../srtp/index.ts";
import type { DatagramPort, EgressCore, EgressLink } from "./core.ts";
import { SlabRing } from "./slab-ring.ts";

/** The tier that is always there: seals with node:crypto, if nothing else is given, and sends each datagram at once through its port. */
export class NodeEgressCore implements EgressCore {
  readonly tier = "node" as const;
  readonly createCipher: CreateCipher;
  readonly #ring: SlabRing;

  constructor(clock: Clock, createCipher: CreateCipher = createPacketCipher) {
    this.createCipher = createCipher;
    this.#ring = new SlabRing(clock);
  }

  open(keys: SrtpKeys, port: DatagramPort): EgressLink {
    return new NodeEgressLink(
      this.#ring,
      new SrtpSender(keys.profile, keys.local, this.createCipher),
      port,
    );
  }

  flush(): void {}

  close(): void {}
}

class NodeEgressLink implements EgressLink {
  readonly #ring: SlabRing;
  readonly #sender: SrtpSender;
  readonly #port: DatagramPort;
  #open = true;

  constructor(ring: SlabRing, sender: SrtpSender, port: DatagramPort) {
    this.#ring = ring;
    this.#sender = sender;
    this.#port = port;
  }

  rtp(
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number {
    if (!this.#open) return 0;
    const plainBytes = header.length + (prefix?.length ?? 0) + payload.length;
    const out = this.#ring.take(plainBytes + this.#sender.rtpOverheadBytes);
    const at = this.#ring.at;
    out.set(header, at);
    const length = this.#sender.sealRtp(out, at, header.length, prefix, payload, ssrc, index);
    this.#port.send(out.subarray(at, at + length));
    return length;
  }

  rtcp(compound: Uint8Array): number {
    if (!this.#open) return 0;
    const out = this.#ring.take(compound.length + this.#sender.rtcpOverheadBytes);
    const at = this.#ring.at;
    const length = this.#sender.sealRtcp(out, at, compound);
    this.#port.send(out.subarray(at, at + length));
    return length;
  }

  close(): void {
    this.#open = false;
  }
}
