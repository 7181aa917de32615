import { type Clock, RefusedError, randomId } from "../core/index.ts";
import type { ProbeLimits } from "./limits.ts";
import type { ProbePeer, ProbePeers } from "./options.ts";
import { Seats } from "./seats.ts";

/** A peer that somebody measures against, and its answer. */
export interface OpenedPeer {
  /** Unguessable. */
  readonly id: string;
  readonly answer: string;
}

/** All peers that browsers measure against. Each ends by itself after `peerLifeMs`. */
export class ProbedPeers {
  readonly #peers: ProbePeers;
  readonly #clock: Clock;
  readonly #limits: ProbeLimits;
  readonly #seats: Seats;
  readonly #open = new Map<string, (reason: string) => void>();
  #closed = false;

  constructor(peers: ProbePeers, clock: Clock, limits: ProbeLimits) {
    this.#peers = peers;
    this.#clock = clock;
    this.#limits = limits;
    this.#seats = new Seats(limits.maxPeers, limits.maxPeersPerAddress);
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Makes a peer that answers this offer.
   * @throws RefusedError `PROBES_FULL`, `PEERS_FULL`, `SERVER_CLOSING` 503; ProtocolError `SDP_INVALID`, `SDP_UNSUPPORTED`.
   */
  async open(address: string, offer: string): Promise<OpenedPeer> {
    this.#refuseWhenClosed();
    const giveBack = this.#seats.take(address);
    const id = randomId();
    let peer: ProbePeer;
    try {
      peer = this.#peers.createSender(
        { h264ProfileLevelId: undefined },
        { connected() {}, datagram() {}, closed: () => end("PEER_GONE") },
      );
    } catch (error) {
      giveBack();
      throw error;
    }
    const timer = this.#clock.after(this.#limits.peerLifeMs, () => end("JOIN_TIMEOUT"));
    const end = (reason: string): void => {
      if (!this.#open.delete(id)) return;
      timer.cancel();
      giveBack();
      peer.close(reason);
    };
    this.#open.set(id, end);
    try {
      const answer = await peer.answer(offer);
      this.#refuseWhenClosed();
      return { id, answer };
    } catch (error) {
      end("OFFER_REFUSED");
      throw error;
    }
  }

  /** Without effect when there is no such peer. */
  end(id: string): void {
    this.#open.get(id)?.("CLIENT_LEFT");
  }

  /** Ends all peers and takes no more. May be called twice. */
  close(reason: string): void {
    this.#closed = true;
    for (const end of [...this.#open.values()]) end(reason);
  }

  #refuseWhenClosed(): void {
    if (this.#closed) {
      throw new RefusedError("SERVER_CLOSING", 503, "The server is shutting down.");
    }
  }
}
