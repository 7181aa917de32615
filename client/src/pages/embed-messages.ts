import type { PlayerEventMap, PlayerStats } from "../element-events.ts";
import type { PlayerStateType } from "../player/state.ts";

/** In every message, so that a page tells them from those of others. */
export const embedVersion = 1;

/** Longest token that a page may hand over, characters. */
const maxTokenLength = 4096;

/** What the frame's page may be asked to do; `hello` asks for events from now on. */
export type EmbedCommand =
  | "hello"
  | "play"
  | "pause"
  | "mute"
  | "unmute"
  | "volume"
  | "layer"
  | "token"
  | "stats";

/** What commanding needs of `<millrace-player>`. */
export interface EmbeddedPlayer {
  readonly state: PlayerStateType;
  muted: boolean;
  volume: number;
  layer: string | null;
  play(): void;
  pause(): void;
  stats(): Promise<PlayerStats>;
  setAttribute(name: "token", value: string): void;
  addEventListener(name: string, listener: (event: Event) => void): void;
}

/** A message as `window` gets it. */
export interface IncomingMessage {
  readonly data: unknown;
  readonly origin: string;
  readonly source: unknown;
}

export interface EmbedOptions {
  readonly player: EmbeddedPlayer;
  /** The window that shows the frame. */
  readonly parent: { postMessage(message: object, targetOrigin: string): void };
  /** Origins from which commands are taken, as `?origin=` gives them; empty: any page that may show the frame. */
  readonly origins: readonly string[];
}

const forwarded = [
  "statechange",
  "transport",
  "latency",
  "layer",
  "stream",
  "error",
] as const satisfies readonly (keyof PlayerEventMap)[];

/**
 * Lets the page around an embedded player command it by `postMessage`, and tells it what happens. Messages of other
 * windows than the parent, and of other origins than the allowed ones, are not answered.
 */
export class EmbedMessages {
  readonly #options: EmbedOptions;
  /** Where events go; undefined until the parent said hello. */
  #listenerOrigin: string | undefined;

  constructor(options: EmbedOptions) {
    this.#options = options;
    for (const name of forwarded) {
      options.player.addEventListener(name, (event) => {
        this.#post({ event: name, detail: (event as CustomEvent<object>).detail });
      });
    }
  }

  /** Takes one message of the window; settles when it is answered. */
  async receive({ data, origin, source }: IncomingMessage): Promise<void> {
    const { parent, origins } = this.#options;
    if (source !== parent || (origins.length > 0 && !origins.includes(origin))) return;
    if (!isMessage(data)) return;
    const { id, command, value } = data;
    const answer = (result: object): void =>
      parent.postMessage(
        { millrace: embedVersion, ...(id !== undefined && { id }), ...result },
        origin,
      );
    try {
      answer({ ok: true, result: (await this.#run(command, value, origin)) ?? null });
    } catch (error) {
      if (!(error instanceof EmbedError)) throw error;
      answer({ ok: false, error: { code: error.code, message: error.message } });
    }
  }

  async #run(command: string, value: unknown, origin: string): Promise<unknown> {
    const { player } = this.#options;
    switch (command as EmbedCommand) {
      case "hello":
        this.#listenerOrigin = origin;
        return { version: embedVersion, state: player.state };
      case "play":
        return player.play();
      case "pause":
        return player.pause();
      case "mute":
      case "unmute":
        player.muted = command === "mute";
        return undefined;
      case "volume":
        if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
          throw new EmbedError("VALUE_INVALID", "volume wants a number from 0 to 1");
        }
        player.volume = value;
        return undefined;
      case "layer":
        if (value !== null && typeof value !== "string") {
          throw new EmbedError("VALUE_INVALID", "layer wants a layer's name, or null");
        }
        player.layer = value;
        return undefined;
      case "token":
        if (typeof value !== "string" || value.length > maxTokenLength) {
          throw new EmbedError("VALUE_INVALID", "token wants a text");
        }
        player.setAttribute("token", value);
        return undefined;
      case "stats":
        return await player.stats();
      default:
        throw new EmbedError("COMMAND_UNKNOWN", `there is no command ${command.slice(0, 40)}`);
    }
  }

  #post(message: object): void {
    if (this.#listenerOrigin === undefined) return;
    this.#options.parent.postMessage({ millrace: embedVersion, ...message }, this.#listenerOrigin);
  }
}

/** The parent is told; nothing else happens. */
class EmbedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface EmbedMessage {
  readonly id?: string | number;
  readonly command: string;
  readonly value?: unknown;
}

function isMessage(data: unknown): data is EmbedMessage {
  if (typeof data !== "object" || data === null) return false;
  const { millrace, id, command } = data as Record<string, unknown>;
  const hasId = id === undefined || typeof id === "string" || typeof id === "number";
  return millrace === embedVersion && hasId && typeof command === "string";
}
