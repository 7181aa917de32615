import type Mpegts from "mpegts.js";

/** The module mpegts.js. */
export type MpegtsLibrary = typeof Mpegts;

/** Turns pieces of FLV into what an element plays. */
export interface FlvEngine {
  /** MIME type with codecs; empty while not known. */
  readonly mime: string;
  /** Takes a piece of whole tags and keeps it. */
  push(piece: ArrayBuffer): void;
  /** Lets go of the element, which is empty then. May be called twice. */
  close(): void;
}

export interface FlvEngineOptions {
  readonly video: HTMLVideoElement;
  /** `MEDIA_UNSUPPORTED` or `MEDIA_ERROR`; once. */
  failed(code: string): void;
}

export type CreateFlvEngine = (options: FlvEngineOptions) => FlvEngine;

/** Pieces that wait for the element's source to open, as in a page in the background. Bytes. */
export const maxWaitingBytes: number = 32 * 1024 * 1024;

/** What of a loader mpegts.js uses (`src/io/loader.js`), beside what its base class has. */
interface OpenLoader {
  deliver(piece: ArrayBuffer): void;
}

/**
 * mpegts.js with a loader of our own. It transmuxes in the page: its worker comes from a blob, and where a page's
 * policy forbids that, it fails without a word; nor can a worker be given a loader. Its own live synchronisation is off:
 * it knows one higher rate, no jump, no hidden page. Its unload pauses the element, which is empty by then.
 */
export function createMpegtsEngine(mpegts: MpegtsLibrary, options: FlvEngineOptions): FlvEngine {
  const { video, failed } = options;
  let waiting: ArrayBuffer[] = [];
  let waitingBytes = 0;
  let loader: OpenLoader | undefined;
  let over = false;
  const fail = (code: string): void => {
    if (over) return;
    over = true;
    waiting = [];
    failed(code);
  };

  class PieceLoader extends mpegts.BaseLoader implements OpenLoader {
    #sent = 0;
    constructor() {
      super("millrace");
      this._needStash = false;
    }
    override open(): void {
      this._status = mpegts.LoaderStatus.kBuffering;
      loader = this;
      const pieces = waiting;
      waiting = [];
      waitingBytes = 0;
      for (const piece of pieces) this.deliver(piece);
    }
    /** Called on `close`, and when the source buffer is full: going on later is not possible here. */
    override abort(): void {
      this._status = mpegts.LoaderStatus.kComplete;
      loader = undefined;
      queueMicrotask(() => fail("MEDIA_ERROR"));
    }
    deliver(piece: ArrayBuffer): void {
      const start = this.#sent;
      this.#sent += piece.byteLength;
      this.onDataArrival(piece, start, this.#sent);
    }
  }

  mpegts.LoggingControl.enableAll = false;
  const player = mpegts.createPlayer(
    // The address is not asked for anything.
    { type: "flv", isLive: true, url: "millrace:" },
    {
      isLive: true,
      enableWorker: false,
      enableStashBuffer: false,
      lazyLoad: false,
      liveSync: false,
      liveBufferLatencyChasing: false,
      autoCleanupSourceBuffer: true,
      autoCleanupMaxBackwardDuration: 20,
      autoCleanupMinBackwardDuration: 5,
      customLoader: PieceLoader as unknown as NonNullable<Mpegts.Config["customLoader"]>,
    },
  );
  player.on(mpegts.Events.ERROR, (_type: string, detail: string, info: unknown) => {
    fail(codeOf(mpegts, detail, info));
  });
  player.attachMediaElement(video);
  player.load();
  let open = true;
  return {
    get mime() {
      return open ? (player.mediaInfo.mimeType ?? "") : "";
    },
    push(piece) {
      if (over || !open) return;
      if (loader !== undefined) {
        loader.deliver(piece);
        return;
      }
      waiting.push(piece);
      waitingBytes += piece.byteLength;
      if (waitingBytes > maxWaitingBytes) fail("MEDIA_ERROR");
    },
    close() {
      if (!open) return;
      open = false;
      over = true;
      waiting = [];
      player.destroy();
    },
  };
}

function codeOf(mpegts: MpegtsLibrary, detail: string, info: unknown): string {
  const { MEDIA_CODEC_UNSUPPORTED, MEDIA_FORMAT_UNSUPPORTED, MEDIA_MSE_ERROR } =
    mpegts.ErrorDetails;
  if (detail === MEDIA_CODEC_UNSUPPORTED || detail === MEDIA_FORMAT_UNSUPPORTED) {
    return "MEDIA_UNSUPPORTED";
  }
  // DOMException.NOT_SUPPORTED_ERR: no source buffer for this type.
  const { code } = (info ?? {}) as { code?: unknown };
  return detail === MEDIA_MSE_ERROR && code === 9 ? "MEDIA_UNSUPPORTED" : "MEDIA_ERROR";
}
