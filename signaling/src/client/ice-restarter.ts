/** What restarting needs of an `RTCPeerConnection`. */
export interface RestartablePeer {
  readonly iceConnectionState: RTCIceConnectionState;
  /** Makes the next offer an ICE restart, and asks for that offer. */
  restartIce(): void;
  addEventListener(type: "iceconnectionstatechange", listener: () => void): void;
  removeEventListener(type: "iceconnectionstatechange", listener: () => void): void;
}

export interface IceRestarterOptions {
  /** How long ICE may stay `disconnected` before it is restarted: most gaps close by themselves. Default 1000. */
  readonly disconnectedMs?: number;
  /** How long a restart may take before the next one. Default 4000. */
  readonly restartMs?: number;
  /** How long there may be no way before `failed`. Default 30000. */
  readonly giveUpMs?: number;
}

/** Restarts that nothing but a change of network asks for are at least this far apart. */
const spacingMs = 2000;

/** Restarts ICE (RFC 8445 section 9) when the way is lost or the network has changed, and gives up after a while. */
export class IceRestarter {
  readonly #peer: RestartablePeer;
  readonly #failed: () => void;
  readonly #disconnectedMs: number;
  readonly #restartMs: number;
  readonly #giveUpMs: number;
  readonly #changed = (): void => this.#stateChanged();
  #lastMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ReturnType<typeof setTimeout> | undefined;

  /** `failed` is called at most once; nothing is restarted afterwards. */
  constructor(peer: RestartablePeer, failed: () => void, options: IceRestarterOptions = {}) {
    this.#peer = peer;
    this.#failed = failed;
    this.#disconnectedMs = options.disconnectedMs ?? 1000;
    this.#restartMs = options.restartMs ?? 4000;
    this.#giveUpMs = options.giveUpMs ?? 30_000;
    peer.addEventListener("iceconnectionstatechange", this.#changed);
  }

  /** Looks for a new way at once, while the old one may still work. Harmless when nothing has changed. */
  networkChanged(): void {
    const begun = this.#peer.iceConnectionState !== "new";
    if (this.#closed || !begun || performance.now() - this.#lastMs < spacingMs) return;
    this.#begin();
  }

  /** Leaves the peer connection as it is. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#peer.removeEventListener("iceconnectionstatechange", this.#changed);
    this.#calm();
  }

  #stateChanged(): void {
    const state = this.#peer.iceConnectionState;
    if (state === "connected" || state === "completed" || state === "closed") this.#calm();
    else if (state === "failed") this.#trouble(0);
    else if (state === "disconnected") this.#trouble(this.#disconnectedMs);
  }

  #trouble(delayMs: number): void {
    this.#giveUp ??= setTimeout(() => {
      this.close();
      this.#failed();
    }, this.#giveUpMs);
    // A restart that is under way has its own time.
    const dueMs = Math.max(delayMs, this.#lastMs + spacingMs - performance.now());
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => this.#begin(), dueMs);
  }

  #begin(): void {
    this.#lastMs = performance.now();
    this.#peer.restartIce();
    clearTimeout(this.#restart);
    if (this.#giveUp !== undefined) {
      this.#restart = setTimeout(() => this.#begin(), this.#restartMs);
    }
  }

  #calm(): void {
    clearTimeout(this.#restart);
    clearTimeout(this.#giveUp);
    this.#restart = undefined;
    this.#giveUp = undefined;
  }
}
