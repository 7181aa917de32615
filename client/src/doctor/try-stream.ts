import type { MillracePlayer } from "../element.ts";
import type { PlayerEventMap } from "../element-events.ts";
import type { StreamOutcome } from "./judge-stream.ts";
import type { PathPlace } from "./try-paths.ts";

/** How long the first picture may take: longer than the player needs for all its ways. */
const firstPictureMs = 20_000;
const watchMs = 5000;
const sampleMs = 250;

/**
 * Plays a stream with the player that viewers have, muted, in `player`, and watches it for some seconds. Never rejects;
 * `signal` ends it early.
 */
export async function tryStream(
  player: MillracePlayer,
  place: PathPlace & { readonly stream: string },
  signal: AbortSignal,
): Promise<StreamOutcome> {
  const watch = new StreamWatch(player, signal);
  player.setAttribute("base", place.base);
  if (place.token !== undefined) player.setAttribute("token", place.token);
  player.muted = true;
  player.setAttribute("src", place.stream);
  player.play();
  try {
    return await watch.run();
  } finally {
    watch.close();
    player.pause();
    player.removeAttribute("src");
    player.removeAttribute("token");
  }
}

class StreamWatch {
  readonly #player: MillracePlayer;
  readonly #signal: AbortSignal;
  readonly #listening = new AbortController();
  readonly #startedMs = performance.now();
  readonly #switches: string[] = [];
  #code = "";
  #codecs: readonly string[] = [];
  #hasVideo = false;
  #firstMs: number | undefined;
  #settled: () => void = () => {};

  constructor(player: MillracePlayer, signal: AbortSignal) {
    this.#player = player;
    this.#signal = signal;
    this.#on("statechange", ({ detail }) => {
      if (detail.state === "playing") this.#firstMs ??= performance.now() - this.#startedMs;
      if (detail.state === "playing" || detail.state === "offline") this.#settled();
      // Autoplay was refused.
      if (detail.state === "idle" && detail.previous !== "idle") this.#settled();
    });
    this.#on("transport", ({ detail: { from, to, reason } }) => {
      this.#switches.push(`${from ?? "none"}→${to ?? "none"} ${reason}`);
      if (/^[A-Z]/.test(reason)) this.#code = reason;
    });
    this.#on("error", ({ detail }) => {
      this.#code = detail.code;
      if (!detail.retrying) this.#settled();
    });
    this.#on("stream", ({ detail: { status } }) => {
      this.#codecs = status.tracks.map(({ codec }) => codec);
      this.#hasVideo = status.tracks.some(({ kind }) => kind === "video");
    });
  }

  async run(): Promise<StreamOutcome> {
    await this.#waitForFirst();
    const seen = this.#firstMs === undefined ? nothingSeen : await this.#watchPictures();
    return {
      ...seen,
      state: this.#player.state,
      firstMs: this.#firstMs,
      code: this.#code,
      transport: this.#player.transport ?? undefined,
      switches: this.#switches,
      hasVideo: this.#hasVideo,
      codecs: this.#codecs,
      latencyMs: this.#player.latencyMs ?? undefined,
    };
  }

  close(): void {
    this.#listening.abort();
  }

  #waitForFirst(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, firstPictureMs);
      this.#settled = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#signal.addEventListener("abort", () => this.#settled(), { once: true });
      if (this.#player.state === "playing") this.#settled();
    });
  }

  /** Counts decoded pictures, for every way tells them; a way that is changed begins its count anew. */
  async #watchPictures(): Promise<typeof nothingSeen> {
    const startedMs = performance.now();
    let pictures = 0;
    let before: number | undefined;
    let lastMs = startedMs;
    let longestGapMs = 0;
    while (performance.now() - startedMs < watchMs && !this.#signal.aborted) {
      const { video } = await this.#player.stats();
      const now = video?.framesDecoded;
      if (video !== undefined) this.#hasVideo = true;
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      if (now !== undefined && before !== undefined && now !== before) {
        pictures += now > before ? now - before : now;
        lastMs = performance.now();
      }
      before = now ?? before;
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
    }
    return { pictures, longestGapMs, watchedMs: performance.now() - startedMs };
  }

  #on<Name extends keyof PlayerEventMap>(
    name: Name,
    listener: (event: PlayerEventMap[Name]) => void,
  ): void {
    this.#player.addEventListener(
      name,
      (event) => listener(event as unknown as PlayerEventMap[Name]),
      { signal: this.#listening.signal },
    );
  }
}

const nothingSeen = { pictures: 0, longestGapMs: 0, watchedMs: 0 };
