/** A media element for tests; its time and buffer are what a test and its source make of them. */
export class FakeVideo extends EventTarget {
  src = "";
  srcObject: MediaProvider | null = null;
  disableRemotePlayback = false;
  currentTime = 0;
  playbackRate = 1;
  preservesPitch = false;
  paused = false;
  seeking = false;
  readyState = 4;
  videoWidth = 0;
  videoHeight = 0;
  error: { readonly code: number } | null = null;
  loads = 0;
  totalVideoFrames = 0;
  droppedVideoFrames = 0;
  ranges: readonly (readonly [number, number])[] = [];

  get buffered(): TimeRanges {
    return timeRanges(this.ranges);
  }

  removeAttribute(name: string): void {
    if (name === "src") this.src = "";
  }

  load(): void {
    this.loads++;
  }

  getVideoPlaybackQuality(): { totalVideoFrames: number; droppedVideoFrames: number } {
    const { totalVideoFrames, droppedVideoFrames } = this;
    return { totalVideoFrames, droppedVideoFrames };
  }
}

/** `MediaSource` as the specification has it, as far as sinks can tell; `open` is called by tests. */
export class FakeMediaSource extends EventTarget {
  static readonly all: FakeMediaSource[] = [];
  readyState: "closed" | "open" = "closed";
  readonly buffers: FakeSourceBuffer[] = [];

  constructor() {
    super();
    FakeMediaSource.all.push(this);
  }

  static isTypeSupported(mime: string): boolean {
    return !mime.includes("unknown");
  }

  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("sourceopen"));
  }

  addSourceBuffer(mime: string): FakeSourceBuffer {
    if (this.readyState !== "open") throw named("InvalidStateError");
    if (this.buffers.length > 0) throw named("QuotaExceededError");
    const buffer = new FakeSourceBuffer(mime);
    this.buffers.push(buffer);
    return buffer;
  }
}

/** Takes appends whose bytes are seconds of media: the first byte is their start, the second their length, in tenths. */
export class FakeSourceBuffer extends EventTarget {
  readonly log: string[] = [];
  updating = false;
  ranges: [number, number][] = [];
  /** Appends are refused while more seconds than this are buffered. */
  quotaSeconds: number = Number.POSITIVE_INFINITY;
  mime: string;
  #offset = 0;

  constructor(mime: string) {
    super();
    this.mime = mime;
  }

  get timestampOffset(): number {
    return this.#offset;
  }

  set timestampOffset(seconds: number) {
    if (this.updating) throw named("InvalidStateError");
    this.#offset = seconds;
    this.log.push(`offset ${seconds.toFixed(3)}`);
  }

  get buffered(): TimeRanges {
    return timeRanges(this.ranges);
  }

  changeType(mime: string): void {
    if (this.updating) throw named("InvalidStateError");
    this.mime = mime;
    this.log.push(`type ${mime}`);
  }

  appendBuffer(bytes: Uint8Array): void {
    if (this.updating) throw named("InvalidStateError");
    const seconds = this.ranges.reduce((sum, [start, end]) => sum + end - start, 0);
    if (seconds >= this.quotaSeconds) throw named("QuotaExceededError");
    this.updating = true;
    if (bytes.length !== 2) {
      this.log.push("init");
      return;
    }
    const [startTenths = 0, tenths = 0] = bytes;
    const start = startTenths / 10 + this.#offset;
    this.log.push(`part ${start.toFixed(1)}`);
    this.#add(start, start + tenths / 10);
  }

  remove(start: number, end: number): void {
    if (this.updating) throw named("InvalidStateError");
    if (!(end > start)) throw new TypeError();
    this.log.push(`remove ${start}-${end}`);
    this.updating = true;
    this.ranges = this.ranges.flatMap(([from, to]) =>
      to <= end ? [] : [[Math.max(from, end), to] as [number, number]],
    );
  }

  /** Ends what is under way. */
  done(): void {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }

  /** Ends what is under way, and all that follows from it. */
  settle(): void {
    for (let turn = 0; turn < 1000 && this.updating; turn++) this.done();
  }

  #add(start: number, end: number): void {
    const last = this.ranges.at(-1);
    if (last !== undefined && Math.abs(last[1] - start) < 0.05) last[1] = end;
    else this.ranges.push([start, end]);
  }
}

/** `TimeRanges` of those seconds. */
export function timeRanges(ranges: readonly (readonly [number, number])[]): TimeRanges {
  return {
    length: ranges.length,
    start: (index) => ranges[index]?.[0] ?? Number.NaN,
    end: (index) => ranges[index]?.[1] ?? Number.NaN,
  };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
