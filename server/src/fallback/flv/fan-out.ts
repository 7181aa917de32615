import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import type { Log } from "../../core/index.ts";

/**
 * Of server/native/fan-out.c. The first `count` of `places` hold file descriptors, and afterwards how many bytes each
 * socket took; 0 also when there is something wrong with it.
 */
export type NativeSend = (places: Int32Array, count: number, bytes: Uint8Array) => void;

/** Whose socket is written to past its stream. */
export interface DirectTaker {
  readonly socket: Duplex;
  /** Bytes that its socket took in that way, which the socket's own counter does not know of. */
  directBytes: number;
}

interface Lane {
  readonly bytes: Buffer;
  readonly takers: DirectTaker[];
}

const built = fileURLToPath(new URL("../../../native/build/fan-out.node", import.meta.url));

/** What scripts/build-native.mjs built. Undefined where it was not built or does not load, which is logged. */
export function loadNativeSend(log: Log, path: string = built): NativeSend | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return (createRequire(import.meta.url)(path) as { readonly send: NativeSend }).send;
  } catch (error) {
    log.warn({ err: error }, "the native fan-out does not load; viewers are written to without it");
    return undefined;
  }
}

/**
 * Gathers sockets that are to be written the same bytes, and writes to all of them in one call. Only plain TCP sockets
 * that hold nothing back, so that their own streams' order is kept; what they do not take goes the usual way.
 */
export class FanOut {
  readonly #send: NativeSend;
  #lanes: Lane[] = [];
  #places = new Int32Array(64);

  constructor(send: NativeSend) {
    this.#send = send;
  }

  /** Whether `bytes` will be written by `flush`. Until then nothing else may be written to the socket. */
  take(taker: DirectTaker, bytes: Buffer): boolean {
    if (!isDirect(taker.socket)) return false;
    let lane = this.#lanes.at(-1);
    if (lane?.bytes !== bytes) {
      lane = this.#lanes.find((other) => other.bytes === bytes);
      if (lane === undefined) {
        lane = { bytes, takers: [] };
        this.#lanes.push(lane);
      }
    }
    lane.takers.push(taker);
    return true;
  }

  /** Writes what was taken. Returns whether there was anything. */
  flush(): boolean {
    const lanes = this.#lanes;
    if (lanes.length === 0) return false;
    this.#lanes = [];
    for (const lane of lanes) this.#write(lane);
    return true;
  }

  #write({ bytes, takers }: Lane): void {
    if (takers.length > this.#places.length) this.#places = new Int32Array(takers.length * 2);
    const places = this.#places;
    // Nothing else runs between this and the call, so that no descriptor can be closed and used again.
    for (let index = 0; index < takers.length; index++) {
      places[index] = descriptorOf(takers[index]?.socket);
    }
    this.#send(places, takers.length, bytes);
    for (let index = 0; index < takers.length; index++) {
      const taker = takers[index];
      const taken = places[index] ?? 0;
      if (taker === undefined) continue;
      taker.directBytes += taken;
      if (taken < bytes.length) taker.socket.write(bytes.subarray(taken));
    }
  }
}

function isDirect(socket: Duplex): socket is Socket {
  return (
    socket.writableLength === 0 &&
    socket.writableCorked === 0 &&
    socket.writable &&
    socket instanceof Socket &&
    !(socket instanceof TLSSocket)
  );
}

/**
 * The descriptor as long as the socket is open: Node forgets the handle when it closes it. There is no other way to
 * ask for it than this property; should it be missing some day, -1 makes every write go the usual way.
 */
function descriptorOf(socket: Duplex | undefined): number {
  if (socket === undefined || socket.destroyed) return -1;
  const handle = (socket as { readonly _handle?: { readonly fd?: unknown } | null })._handle;
  const fd = handle?.fd;
  return typeof fd === "number" ? fd : -1;
}
