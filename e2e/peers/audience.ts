import { WebSocket } from "ws";
import type { Gateway } from "./gateway.ts";
import { HeldViewers } from "./held-viewers.ts";
import { Peer } from "./process.ts";

/** Ways to watch that need no browser. */
export const plainWays = [
  ...(["http-flv", "ws-flv", "sse", "long-poll", "mjpeg", "ll-hls", "icy", "rtmp-play"] as const),
] as const;

export type PlainWay = (typeof plainWays)[number];

/** What comes next, after an answer and its text. */
type NextAddress = (answer: Response, text: string) => string;

/** Viewers of one stream that read what comes and keep none of it, until they are all sent home. */
export class Audience {
  readonly #gateway: Gateway;
  readonly #stream: string;
  readonly #held = new HeldViewers();
  readonly #asking = new Set<AbortController>();
  readonly #sockets: WebSocket[] = [];
  readonly #players: Peer[] = [];
  #left = false;

  constructor(gateway: Gateway, stream: string) {
    this.#gateway = gateway;
    this.#stream = stream;
  }

  /** Begins to watch so many times. Resolves once media comes; by `rtmp-play`, once the player runs. */
  async watch(way: PlainWay, count: number): Promise<void> {
    const url = `${this.#gateway.url}/${this.#stream}`;
    switch (way) {
      case "http-flv":
        await this.#held.watch(`${url}.flv`, count);
        return;
      case "sse":
        await this.#held.watch(`${url}.sse?media=1`, count);
        return;
      case "mjpeg":
        await this.#held.watch(`${url}.mjpg`, count);
        return;
      case "icy":
        await this.#held.watch(`${url}.aac`, count, { "Icy-MetaData": "1" });
        return;
      default:
        await Promise.all(Array.from({ length: count }, () => this.#one(way, url)));
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#left = true;
    for (const asking of this.#asking) asking.abort();
    await this.#held.close();
    for (const socket of this.#sockets) socket.terminate();
    await Promise.all(this.#players.map((player) => player.stop("SIGKILL")));
  }

  #one(way: "ws-flv" | "long-poll" | "ll-hls" | "rtmp-play", url: string): Promise<void> {
    switch (way) {
      case "ws-flv":
        return this.#overWebSocket(url.replace(/^http/, "ws"));
      case "long-poll":
        return this.#again(`${url}.poll?media=1`, ({ headers }) => {
          const after = headers.get("millrace-next");
          return `${url}.poll?media=1&hold=5&after=${after}&session=${headers.get("millrace-session")}`;
        });
      case "ll-hls":
        return this.#ofSegments(`${url}.m3u8`);
      case "rtmp-play":
        return this.#byFfmpeg();
    }
  }

  async #overWebSocket(url: string): Promise<void> {
    const socket = new WebSocket(`${url}.flv`);
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("message", () => resolve()).once("error", reject);
    });
    socket.on("error", () => {});
  }

  /** RFC 8216, with the blocking reload of its second edition: each playlist when its next part is there. */
  async #ofSegments(url: string): Promise<void> {
    const uris = (text: string): readonly string[] => text.match(/^[^#\s].*$/gm) ?? [];
    const main = await (await fetch(url)).text();
    const playlist = new URL(uris(main)[0] ?? "", url).href;
    let [sequence, part] = [0, 0];
    await this.#again(playlist, (_, text) => {
      if (!text.startsWith("#EXTM3U")) {
        const next = new URL(playlist);
        next.searchParams.set("_HLS_msn", String(sequence));
        next.searchParams.set("_HLS_part", String(part));
        return next.href;
      }
      const complete = text.match(/#EXTINF/g)?.length ?? 0;
      sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]) + complete;
      const parts = /#EXT-X-PART:[^\n]*URI="([^"]+)"/g;
      part = text.slice(text.lastIndexOf("#EXTINF")).match(parts)?.length ?? 0;
      const last = [...text.matchAll(parts)].at(-1)?.[1];
      return new URL(last ?? playlist, playlist).href;
    });
  }

  /** Asks for one address after the other. Resolves after the second answer. */
  async #again(first: string, next: NextAddress): Promise<void> {
    const ask = async (url: string): Promise<string> => {
      const asking = new AbortController();
      this.#asking.add(asking);
      try {
        const answer = await fetch(url, { signal: asking.signal });
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        return next(answer, await answer.text());
      } finally {
        this.#asking.delete(asking);
      }
    };
    let url = await ask(await ask(first));
    const goOn = async (): Promise<void> => {
      while (!this.#left) url = await ask(url);
    };
    // It left; if not, there are too few viewers, which is what tests look at.
    goOn().catch(() => {});
  }

  async #byFfmpeg(): Promise<void> {
    const name = this.#stream.slice(this.#stream.indexOf("/") + 1);
    const player = new Peer("ffmpeg", [
      ...["-hide_banner", "-loglevel", "warning", "-nostdin"],
      ...["-i", `${this.#gateway.rtmpUrl}/${name}`, "-c", "copy", "-f", "null", "-"],
    ]);
    this.#players.push(player);
  }
}
