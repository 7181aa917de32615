import type { Clock } from "../../core/index.ts";
import { ipToBytes } from "../net/ip.ts";
import type { DatagramPath, SrtpKeys } from "../peer.ts";
import { deriveSessionKeys } from "../srtp/key-derivation.ts";
import { nativeCiphers } from "../srtp/native-cipher.ts";
import type { CreateCipher } from "../srtp/packet-cipher.ts";
import type { DatagramPort, EgressCore, EgressLink, RunHeader } from "./core.ts";
import {
  maxHeadBytes,
  maxPlainBytes,
  type NativeCounters,
  NativeLane,
  nativeCounters,
  readCounters,
} from "./native-batch.ts";
import type { NativeHandle, NativeModule } from "./native-module.ts";
import { NodeEgressCore } from "./node-core.ts";

/** Most threads that a core takes. As in native/core.h. */
export const maxEgressThreads = 16;

const overheadBytes = { AEAD_AES_128_GCM: 16, AES_CM_128_HMAC_SHA1_80: 10 } as const;

export interface NativeEgressOptions {
  readonly native: NativeModule;
  /** Threads that seal and send; 0: this thread does. At most `maxEgressThreads`. */
  readonly threads: number;
  readonly clock: Clock;
}

/**
 * The tier in C: packets are gathered here and sealed and sent in batches, by threads of their own.
 * What it cannot reach itself (TCP, RTCP, packets of unusual size, links beyond
 * `maxNativeLinks`) goes the way of the node tier. Sockets are closed after it: it remembers them by their numbers.
 */
export class NativeEgressCore implements EgressCore {
  readonly tier = "native" as const;
  readonly createCipher: CreateCipher;
  readonly #native: NativeModule;
  readonly #handle: NativeHandle;
  readonly #counters: Float64Array;
  readonly #lanes: readonly NativeLane[];
  readonly #node: NodeEgressCore;
  readonly #sockets = new Map<number, number>();
  #closed = false;

  /** @throws an error of the system when there is no memory or no thread. */
  constructor({ native, threads, clock }: NativeEgressOptions) {
    const workers = Math.max(threads, 1);
    this.#native = native;
    this.#counters = nativeCounters(workers);
    this.#handle = native.create(threads, this.#counters);
    this.#lanes = Array.from(
      { length: workers },
      (_, worker) => new NativeLane(native, this.#handle, worker),
    );
    this.createCipher = nativeCiphers(native);
    this.#node = new NodeEgressCore(clock, this.createCipher);
  }

  get counters(): NativeCounters {
    return readCounters(this.#counters);
  }

  open(keys: SrtpKeys, port: DatagramPort): EgressLink {
    const rtp = deriveSessionKeys(keys.profile, keys.local, "rtp");
    const { cipher, auth, salt } = rtp;
    const number = this.#native.open(this.#handle, cipher.export(), salt, auth?.export());
    const fallback = this.#node.open(keys, port);
    if (number < 0) return fallback;
    const lane = this.#lanes.reduce((least, other) => (other.links < least.links ? other : least));
    lane.links++;
    return new NativeEgressLink({
      number,
      lane,
      port,
      overheadBytes: overheadBytes[keys.profile],
      fallback,
      aim: (path) => this.#aim(lane, number, path),
      shut: () => this.#shut(lane, number),
    });
  }

  flush(): void {
    if (this.#closed) return;
    for (const lane of this.#lanes) lane.flush();
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    for (const lane of this.#lanes) lane.close();
    this.#native.close(this.#handle);
    this.#node.close();
  }

  /** Whether the native side can send there. */
  #aim(lane: NativeLane, link: number, path: DatagramPath): boolean {
    const { fd } = path.socket;
    // A zone names an interface, which only the system's own parser knows.
    const address = path.address.includes("%") ? undefined : ipToBytes(path.address);
    if (fd === undefined || address === undefined || this.#closed) return false;
    let socket = this.#sockets.get(fd);
    if (socket === undefined) {
      socket = this.#native.adopt(this.#handle, fd);
      if (socket < 0) return false;
      this.#sockets.set(fd, socket);
    }
    lane.flush();
    this.#native.aim(this.#handle, lane.worker, link, socket, address, path.port);
    return true;
  }

  #shut(lane: NativeLane, link: number): void {
    if (this.#closed) return;
    lane.links--;
    lane.flush();
    this.#native.shut(this.#handle, lane.worker, link);
  }
}

interface NativeLinkParts {
  readonly number: number;
  readonly lane: NativeLane;
  readonly port: DatagramPort;
  readonly overheadBytes: number;
  readonly fallback: EgressLink;
  aim(path: DatagramPath): boolean;
  shut(): void;
}

class NativeEgressLink implements EgressLink {
  readonly #parts: NativeLinkParts;
  readonly #lane: NativeLane;
  readonly #number: number;
  readonly #overheadBytes: number;
  #path: DatagramPath | undefined;
  #aimed = false;
  #open = true;

  constructor(parts: NativeLinkParts) {
    this.#parts = parts;
    this.#lane = parts.lane;
    this.#number = parts.number;
    this.#overheadBytes = parts.overheadBytes;
  }

  rtp(
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number {
    if (!this.#open) return 0;
    const path = this.#parts.port.path;
    if (path !== this.#path) this.#follow(path);
    const headBytes = header.length + (prefix?.length ?? 0);
    const plainBytes = headBytes + payload.length;
    if (!this.#aimed || headBytes > maxHeadBytes || plainBytes > maxPlainBytes) {
      return this.#parts.fallback.rtp(header, prefix, payload, ssrc, index);
    }
    this.#lane.add(this.#number, header, prefix, payload, ssrc, index);
    return plainBytes + this.#overheadBytes;
  }

  run(
    header: RunHeader,
    payloads: readonly Uint8Array[],
    from: number,
    end: number,
    marker: number,
    ssrc: number,
    index: number,
  ): number {
    if (!this.#open) return 0;
    const path = this.#parts.port.path;
    if (path !== this.#path) this.#follow(path);
    const headerBytes = header.bytes.length;
    let bytes = 0;
    let largest = 0;
    for (let i = from; i < end; i++) {
      const size = (payloads[i] as Uint8Array).length;
      bytes += size;
      if (size > largest) largest = size;
    }
    if (!this.#aimed || headerBytes > maxHeadBytes || headerBytes + largest > maxPlainBytes) {
      return this.#runApart(header, payloads, from, end, marker, ssrc, index);
    }
    this.#lane.run(this.#number, header, payloads, from, end, marker, ssrc, index);
    return bytes + (end - from) * (headerBytes + this.#overheadBytes);
  }

  rtcp(compound: Uint8Array): number {
    return this.#parts.fallback.rtcp(compound);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#parts.fallback.close();
    this.#parts.shut();
  }

  #runApart(
    { bytes: header }: RunHeader,
    payloads: readonly Uint8Array[],
    from: number,
    end: number,
    marker: number,
    ssrc: number,
    index: number,
  ): number {
    const type = header[1] as number;
    let bytes = 0;
    for (let i = from; i < end; i++) {
      const sequence = index + i - from;
      header[1] = i === marker ? type | 0x80 : type;
      header[2] = sequence >>> 8;
      header[3] = sequence;
      bytes += this.rtp(header, undefined, payloads[i] as Uint8Array, ssrc, sequence);
    }
    header[1] = type;
    return bytes;
  }

  #follow(path: DatagramPath | undefined): void {
    this.#path = path;
    this.#aimed = path !== undefined && this.#parts.aim(path);
  }
}
