import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { type Access, type CoreLimits, silentLog } from "../../core/index.ts";
import { createFallback, type Fallback } from "../door/index.ts";
import { defaultFmp4Limits, type Fmp4Limits } from "../fmp4/limits.ts";
import { FragmentRig } from "../fmp4/test-rig.ts";
import { defaultHlsLimits, type HlsLimits } from "./limits.ts";
import { HlsServer } from "./output.ts";

export interface HlsRigOptions {
  readonly limits?: Partial<HlsLimits>;
  readonly fmp4?: Partial<Fmp4Limits>;
  readonly core?: Partial<CoreLimits>;
  readonly access?: Access;
}

/** LL-HLS behind the door on a free loopback port; media time passes only when the rig plays. */
export class HlsRig extends FragmentRig {
  readonly hls: HlsServer;
  readonly door: Fallback;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  constructor(options: HlsRigOptions = {}) {
    super(options.fmp4, options.core);
    const { clock, registry, outputs } = this;
    const { partMs, partSlackMs, keyIntervalMs } = { ...defaultFmp4Limits, ...options.fmp4 };
    this.hls = new HlsServer({
      ...{ clock, log: silentLog, fmp4: outputs },
      limits: { ...defaultHlsLimits, ...options.limits },
      partUs: (partMs + partSlackMs) * 1000,
      requestedKeyMs: keyIntervalMs,
    });
    const trust = new ProxyTrust([]);
    this.door = createFallback({
      ...{ clock, log: silentLog, registry, trust, basePath: "" },
      access: options.access ?? { authorize: async () => {} },
      origins: new OriginPolicy("*", trust),
      outputs: [this.hls],
      limits: { requests: { perSecond: 1e6, burst: 1e6 } },
    });
    this.#server = createServer((request, response) => {
      this.door.handle(request, response).catch((error: unknown) => {
        response.destroy(error as Error);
      });
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** Key frames come every two seconds unless something else is said. */
  override play(ms: number, options: Parameters<FragmentRig["play"]>[1] = {}): this {
    return super.play(ms, { groupMs: 2000, ...options });
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  /** Connections that the server has. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Bytes that went out over the connections that there are. */
  get sentBytes(): number {
    let bytes = 0;
    for (const { bytesWritten } of this.#sockets) bytes += bytesWritten;
    return bytes;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url), init);
  }

  /** The text at an address that must be there. */
  async text(path: string): Promise<string> {
    const response = await this.get(path);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return text;
  }

  async bytes(path: string): Promise<Buffer> {
    const response = await this.get(path);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Joins as a player does: the path of the media playlist with its session. */
  async join(query = ""): Promise<string> {
    const text = await this.text(`/live/cam.m3u8${query}`);
    const uri = text.split("\n").find((line) => line !== "" && !line.startsWith("#"));
    return `/live/${uri}`;
  }

  /** Resolves when so many requests are held. */
  async holding(count: number): Promise<void> {
    await this.until(() => this.hls.figures.held === count);
  }

  /** Lets sockets work until something is so. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    this.door.close();
    this.outputs.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Addresses in a playlist, those in tags and those on lines. */
export function urisOf(playlist: string): string[] {
  return playlist
    .split("\n")
    .flatMap((line) => /URI="([^"]+)"/.exec(line)?.[1] ?? (/^[^#]/.test(line) ? [line] : []));
}

/** The path of an address that stands in the playlist at `base`. */
export function resolvePath(base: string, uri: string): string {
  const { pathname, search } = new URL(uri, `http://test${base}`);
  return pathname + search;
}
