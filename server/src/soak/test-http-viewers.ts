import type { Socket } from "node:net";
import { FlvReader, TagType } from "@millrace/media/flv";
import type { Clock } from "../core/index.ts";
import type { TestDoor } from "../fallback/door/test-door.ts";
import { type Answered, ask, eventsOf, keepAlive } from "../fallback/events/test-client.ts";

const headEnd = "\r\n\r\n";

/** An answer that lasts: what comes is looked at and not kept. */
class LastingAnswer {
  readonly socket: Socket;
  #head = "";
  #begun = false;
  bytes = 0;
  ended = false;

  constructor(socket: Socket, take: (bytes: Buffer) => void = () => {}) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      const body = this.#begun ? bytes : this.#behindHead(bytes);
      if (body === undefined || body.length === 0) return;
      this.bytes += body.length;
      take(body);
    });
    socket.once("close", () => {
      this.ended = true;
    });
  }

  #behindHead(bytes: Buffer): Buffer | undefined {
    this.#head += bytes.toString("latin1");
    const at = this.#head.indexOf(headEnd);
    if (at < 0) return undefined;
    if (!/^HTTP\/1\.[01] 200 /.test(this.#head)) throw new Error(this.#head.slice(0, 200));
    this.#begun = true;
    return Buffer.from(this.#head.slice(at + headEnd.length), "latin1");
  }
}

/** Plays HTTP-FLV and looks at its times. */
export class FlvViewer {
  readonly #answer: LastingAnswer;
  readonly #reader = new FlvReader();
  readonly #clock: Clock;
  /** Of the newest picture. Milliseconds, wraps at 2^32. */
  timeMs: number | undefined;
  pictures = 0;
  /** How often the 32 bits went round. */
  timeWraps = 0;
  /** Pictures whose time ran backwards. */
  faults = 0;
  /** From the first picture on: the clock less its time, which stays the same. Milliseconds. */
  delayMs: number | undefined;
  #unwrapped = 0;

  private constructor(socket: Socket, clock: Clock) {
    this.#clock = clock;
    this.#answer = new LastingAnswer(socket, (bytes) => this.#take(bytes));
  }

  static async open(door: TestDoor, clock: Clock, stream: string): Promise<FlvViewer> {
    const socket = await door.raw(`GET /${stream}.flv HTTP/1.0\r\nHost: a\r\n\r\n`);
    return new FlvViewer(socket, clock);
  }

  get ended(): boolean {
    return this.#answer.ended;
  }

  close(): void {
    this.#answer.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#reader.receive(bytes);
    for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next()) {
      if (item.type !== "tag" || item.tag.type !== TagType.video) continue;
      // AVCPacketType 1: a picture.
      if (item.tag.body[1] === 1) this.#picture(item.tag.timestampMs);
    }
  }

  #picture(timeMs: number): void {
    const before = this.timeMs;
    this.pictures++;
    if (before === undefined) this.#unwrapped = timeMs;
    else {
      const step = (timeMs - before) | 0;
      if (step < 0) this.faults++;
      if (timeMs < before && step >= 0) this.timeWraps++;
      this.#unwrapped += step;
    }
    this.timeMs = timeMs;
    this.delayMs = this.#clock.nowUs() / 1000 - this.#unwrapped;
  }
}

/** Takes everything that an answer brings, such as media over SSE. */
export class StreamedViewer {
  readonly #answer: LastingAnswer;

  private constructor(socket: Socket) {
    this.#answer = new LastingAnswer(socket);
  }

  static async open(door: TestDoor, path: string): Promise<StreamedViewer> {
    return new StreamedViewer(await door.raw(`GET ${path} HTTP/1.0\r\nHost: a\r\n\r\n`));
  }

  get bytes(): number {
    return this.#answer.bytes;
  }

  get ended(): boolean {
    return this.#answer.ended;
  }

  close(): void {
    this.#answer.socket.destroy();
  }
}

/** Asks for a playlist again and again. */
export class HlsViewer {
  readonly #port: number;
  #path: string;
  /** Media sequence number of the oldest segment listed. */
  sequence = 0;
  listed = 0;
  playlistBytes = 0;

  private constructor(port: number, path: string) {
    this.#port = port;
    this.#path = path;
  }

  static async open(port: number, stream: string): Promise<HlsViewer> {
    const { status, body } = await ask(port, `/${stream}.m3u8`, { agent: keepAlive });
    if (status !== 200) throw new Error(`LL-HLS: ${status} ${body}`);
    const line = body.toString().trim().split("\n").at(-1) ?? "";
    return new HlsViewer(port, `/${stream.slice(0, stream.lastIndexOf("/"))}/${line}`);
  }

  async look(): Promise<void> {
    const answer = await this.#ask(this.#path);
    const playlist = answer.body.toString();
    this.sequence = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)?.[1] ?? 0);
    this.listed = playlist.split("#EXTINF").length - 1;
    this.playlistBytes = playlist.length;
  }

  /** Bytes of the newest whole segment. */
  async segment(): Promise<number> {
    const playlist = (await this.#ask(this.#path)).body.toString();
    const uri = playlist.split("\n").findLast((line) => line !== "" && !line.startsWith("#"));
    const folder = this.#path.slice(0, this.#path.lastIndexOf("/") + 1);
    return (await this.#ask(new URL(uri ?? "", `http://a${folder}`).href.slice(8))).body.length;
  }

  async #ask(path: string): Promise<Answered> {
    const answer = await ask(this.#port, path, { agent: keepAlive });
    if (answer.status !== 200) throw new Error(`LL-HLS: ${answer.status} ${answer.body}`);
    return answer;
  }
}

/** Follows the events of a stream by long-polling. */
export class PollViewer {
  readonly #port: number;
  readonly #path: string;
  #next: string | undefined;
  events = 0;
  /** Times that the journal did not reach back. */
  resets = 0;

  constructor(port: number, stream: string) {
    this.#port = port;
    this.#path = `/${stream}.poll`;
  }

  /** Asks for what happened since, and does not wait. */
  async look(): Promise<void> {
    const after = this.#next === undefined ? "" : `&after=${encodeURIComponent(this.#next)}`;
    const answer = await ask(this.#port, `${this.#path}?hold=0${after}`, { agent: keepAlive });
    if (answer.status === 204) return;
    if (answer.status !== 200) throw new Error(`long-polling: ${answer.status} ${answer.body}`);
    const { events, next } = eventsOf(answer);
    this.events += events.length;
    this.resets += events.filter(({ event }) => event === "reset").length;
    this.#next = next;
  }
}
