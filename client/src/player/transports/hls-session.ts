import type HlsClass from "hls.js";
import type { ErrorData, HlsConfig } from "hls.js";
import type { Scheduler } from "../scheduler.ts";
import type { StatsSample } from "../stats.ts";
import { ElementCounter } from "./element-sample.ts";
import { failureOf, type MediaFailure } from "./media-failure.ts";
import type { MediaRequest } from "./media-request.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";

/** The module hls.js. */
export type HlsLibrary = typeof HlsClass;

/** Further behind the target than this, hls.js jumps. Seconds. */
const jumpSeconds = 6;
const maxRate = 1.1;

export interface HlsSessionOptions {
  readonly video: HTMLVideoElement;
  readonly events: MediaSessionEvents;
  readonly scheduler: Scheduler;
  readonly request: MediaRequest;
  readonly load: () => Promise<HlsLibrary>;
  /** Seconds; undefined: what the playlist asks for (`PART-HOLD-BACK`). */
  readonly targetLatency: number | undefined;
  readonly canChase: boolean;
  /** Hears of each playlist, for the clock. */
  answered(response: Pick<Response, "headers">, sentMs: number): void;
}

/**
 * Low-latency HLS (draft-pantos-hls-rfc8216bis) by hls.js. Fragments are MP4 already, so there is nothing for a worker to
 * do. hls.js keeps the distance from the live edge: it knows where that is when nothing is buffered, too.
 */
export class HlsSession implements MediaSession {
  readonly #options: HlsSessionOptions;
  readonly #counter: ElementCounter;
  #hls: HlsClass | undefined;
  #mime = "";
  #answered = false;
  #began = false;
  #over = false;
  #closed = false;

  constructor(options: HlsSessionOptions) {
    this.#options = options;
    this.#counter = new ElementCounter(options.video);
  }

  start(): void {
    this.#options.load().then(
      (library) => this.#open(library),
      () => this.#fail("LOAD_FAILED", ""),
    );
  }

  captureWallMs(mediaSeconds: number): number | undefined {
    const details = this.#hls?.latestLevelDetails;
    const fragments = details?.fragments ?? [];
    const fragment =
      fragments.findLast(({ start }) => start <= mediaSeconds + 0.001) ?? fragments[0];
    const startMs = fragment?.programDateTime;
    if (fragment === undefined || startMs === undefined || startMs === null) return undefined;
    return startMs + (mediaSeconds - fragment.start) * 1000;
  }

  sample(): StatsSample {
    return this.#counter.sample(this.#options.scheduler.nowMs(), this.#mime);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#over = true;
    const { video } = this.#options;
    this.#hls?.destroy();
    this.#hls = undefined;
    if (this.#began && video.playbackRate !== 1) video.playbackRate = 1;
  }

  #open(library: HlsLibrary): void {
    if (this.#closed) return;
    const { request } = this.#options;
    const hls = new library(this.#config());
    this.#hls = hls;
    const { Events } = library;
    hls.on(Events.MANIFEST_PARSED, (_event, { levels }) => {
      const { videoCodec, audioCodec } = levels[0] ?? {};
      const codecs = [videoCodec, audioCodec].filter((codec) => codec !== undefined);
      this.#mime = `video/mp4; codecs="${codecs.join(",")}"`;
      this.#begin(hls);
    });
    hls.on(Events.LEVEL_LOADED, (_event, { networkDetails, stats, details }) => {
      this.#heard(networkDetails, stats.loading.start);
      // Without a wish of the page's, the playlist says how far behind to play; hls.js takes no limit beside that at first.
      hls.config.liveMaxLatencyDuration ??= (hls.targetLatency ?? 0) + jumpSeconds;
      if (!details.live) this.#fail("STREAM_ENDED", "");
    });
    hls.on(Events.FRAG_BUFFERED, (_event, { stats }) => this.#counter.received(stats.loaded));
    hls.on(Events.ERROR, (_event, data) => this.#error(library, data));
    hls.loadSource(request.url);
  }

  #config(): Partial<HlsConfig> {
    const { request, targetLatency, canChase } = this.#options;
    const authorization = request.headers["Authorization"];
    return {
      lowLatencyMode: true,
      enableWorker: false,
      backBufferLength: 10,
      maxBufferLength: 10,
      maxLiveSyncPlaybackRate: canChase ? maxRate : 1,
      ...(targetLatency !== undefined && {
        liveSyncDuration: targetLatency,
        liveMaxLatencyDuration: targetLatency + jumpSeconds,
      }),
      ...(authorization !== undefined && {
        xhrSetup: (xhr: XMLHttpRequest) => xhr.setRequestHeader("Authorization", authorization),
      }),
      // Whether to try again is the owner's decision.
      manifestLoadPolicy: {
        default: {
          maxTimeToFirstByteMs: 12_000,
          maxLoadTimeMs: 15_000,
          timeoutRetry: null,
          errorRetry: null,
        },
      },
    };
  }

  /** Takes the surface. */
  #begin(hls: HlsClass): void {
    if (this.#began || this.#over) return;
    const { events, video } = this.#options;
    this.#answerIs(true);
    events.ready();
    if (this.#closed) return;
    this.#began = true;
    hls.attachMedia(video);
    events.media();
  }

  #heard(details: unknown, sentMs: number): void {
    this.#answerIs(true);
    if (!(details instanceof XMLHttpRequest)) return;
    const headers = { get: (name: string) => details.getResponseHeader(name) } as Headers;
    this.#options.answered({ headers }, sentMs);
  }

  #answerIs(yes: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#options.events.link(yes);
  }

  #error(library: HlsLibrary, data: ErrorData): void {
    if (!data.fatal) return;
    const { code, message } = hlsFailure(library, data, this.#began);
    this.#answerIs(code !== "SERVER_UNREACHABLE" && code !== "TIMEOUT");
    this.#fail(code, message);
  }

  /** Nothing more comes; what is buffered plays out. */
  #fail(code: string, message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#hls?.stopLoad();
    this.#options.events.failed(code, message);
  }
}

/** What a fatal error of hls.js is to the player; `began`: there was media before. */
export function hlsFailure(
  library: Pick<HlsLibrary, "ErrorTypes" | "ErrorDetails">,
  data: Pick<ErrorData, "type" | "details" | "response" | "networkDetails">,
  began: boolean,
): MediaFailure {
  const { ErrorTypes, ErrorDetails: details } = library;
  const unsupported: readonly string[] = [
    details.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
    details.BUFFER_INCOMPATIBLE_CODECS_ERROR,
    details.BUFFER_ADD_CODEC_ERROR,
  ];
  if (unsupported.includes(data.details)) return { code: "MEDIA_UNSUPPORTED", message: "" };
  if (data.type !== ErrorTypes.NETWORK_ERROR) return { code: "MEDIA_ERROR", message: "" };
  const status = data.response?.code ?? 0;
  if (status >= 400) return failureOf(status, problemText(data.networkDetails));
  if (/TimeOut$/.test(data.details)) return { code: "TIMEOUT", message: "" };
  return { code: began ? "CONNECTION_LOST" : "SERVER_UNREACHABLE", message: "" };
}

/** The body of a refusal, where hls.js asked for text. */
function problemText(details: unknown): string {
  try {
    const { responseText } = details as { responseText?: unknown };
    return typeof responseText === "string" ? responseText : "";
  } catch {
    // Requests for bytes have no text.
    return "";
  }
}
