import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NativeUdp } from "../net/native-udp-socket.ts";
import type { NativeSrtp } from "../srtp/native-cipher.ts";

/** A core of native/core.c; an opaque pointer. */
export type NativeHandle = { readonly native: unique symbol };

/** Links of one core; those beyond are the node tier's. As in native/core.h. */
export const maxNativeLinks = 65_536;

/** What native/addon.c exports. It throws errors with codes of the system (`EINVAL`, `EADDRINUSE` …). */
export interface NativeModule extends NativeSrtp, Partial<NativeUdp> {
  create(threads: number, counters: Float64Array): NativeHandle;
  close(core: NativeHandle): void;
  /** -1 when there are as many sockets as a core has (8). */
  adopt(core: NativeHandle, fd: number): number;
  /** -1 when there are `maxNativeLinks`. */
  open(core: NativeHandle, key: Uint8Array, salt: Uint8Array, auth: Uint8Array | undefined): number;
  aim(
    core: NativeHandle,
    worker: number,
    link: number,
    socket: number,
    address: Uint8Array,
    port: number,
  ): void;
  shut(core: NativeHandle, worker: number, link: number): void;
  submit(
    core: NativeHandle,
    worker: number,
    entries: Uint8Array,
    count: number,
    payloads: readonly Uint8Array[],
    payloadCount: number,
    here: boolean,
  ): void;
  seal(
    core: NativeHandle,
    link: number,
    packet: Uint8Array,
    headerBytes: number,
    plainBytes: number,
    ssrc: number,
    rollover: number,
    sequence: number,
  ): number;
  udpSocket(address: Uint8Array, port: number): number;
}

/** Where scripts/build-native.mjs puts it. */
export const builtNative: string = fileURLToPath(
  new URL("../../../native/build/egress.node", import.meta.url),
);

/** Loads what scripts/build-native.mjs built. Undefined where it was not built; throws when it does not load. */
export function loadNative(path: string = builtNative): NativeModule | undefined {
  if (!existsSync(path)) return undefined;
  return createRequire(import.meta.url)(path) as NativeModule;
}

/** Whether the module can read sockets too: it needs the event loop of this Node to be libuv's. */
export function readsUdp(native: NativeModule): native is NativeModule & NativeUdp {
  return native.udpOpen !== undefined;
}
