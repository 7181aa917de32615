import { type LayerPreference, messageLimits, type SignalingError } from "../protocol/index.ts";

/** Between two messages: a picture that is being resized changes with every frame. */
const spacingMs = 250;
/** Before a message that the server had no time for is sent again. */
const retryMs = 1000;
const passing: ReadonlySet<string> = new Set(["RATE_LIMITED", "TIMEOUT"]);

/** Sends the latest of the wishes that a viewer has for its layer, one message at a time. */
export class PreferenceSender {
  readonly #send: (preference: LayerPreference) => Promise<void>;
  #pending: LayerPreference | undefined;
  #busy = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `send` rejects with a SignalingError. */
  constructor(send: (preference: LayerPreference) => Promise<void>) {
    this.#send = send;
  }

  prefer(preference: LayerPreference): void {
    if (this.#closed) return;
    this.#pending = { ...this.#pending, ...bounded(preference) };
    if (!this.#busy) void this.#flush(this.#pending);
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #flush(preference: LayerPreference): Promise<void> {
    this.#busy = true;
    this.#pending = undefined;
    const again = await this.#send(preference).then(
      () => false,
      (error: SignalingError) => passing.has(error.code),
    );
    if (!this.#closed) this.#rest(again ? preference : {}, again ? retryMs : spacingMs);
  }

  /** Waits, then sends what came meanwhile, or what has to be sent again. */
  #rest(unsent: LayerPreference, ms: number): void {
    this.#timer = setTimeout(() => {
      const next = { ...unsent, ...this.#pending };
      this.#busy = false;
      if (Object.keys(next).length > 0) void this.#flush(next);
    }, ms);
  }
}

/** Sizes as the protocol has them: whole pixels from 1. */
function bounded({ viewport, ...rest }: LayerPreference): LayerPreference {
  if (viewport === undefined) return rest;
  if (viewport === null) return { ...rest, viewport };
  const { width, height } = viewport;
  return { ...rest, viewport: { width: pixels(width), height: pixels(height) } };
}

function pixels(size: number): number {
  return Math.min(messageLimits.viewport, Math.max(1, Math.ceil(size) || 1));
}
