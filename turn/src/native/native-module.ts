import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** A relay of native/relay.c; an opaque pointer. */
export type NativeHandle = { readonly native: unique symbol };

/** Called for each datagram that the native side does not pass on by itself. */
export type NativeReceiver = (
  socket: number,
  data: Uint8Array,
  address: string,
  port: number,
) => void;

/** What native/binding.c exports. It throws errors with codes of the system (`EINVAL`, `EADDRINUSE` …). */
export interface NativeModule {
  create(receive: NativeReceiver): NativeHandle;
  close(relay: NativeHandle): void;
  /** Fills place and port into `result`, which has two elements. */
  bind(
    relay: NativeHandle,
    address: string,
    port: number,
    receiveBytes: number,
    sendBytes: number,
    result: Uint32Array,
  ): void;
  shut(relay: NativeHandle, socket: number): void;
  send(
    relay: NativeHandle,
    socket: number,
    address: string,
    port: number,
    header: Uint8Array | undefined,
    payload: Uint8Array,
    padding: number,
  ): boolean;
  missed(relay: NativeHandle): number;
  open(
    relay: NativeHandle,
    listener: number,
    clientAddress: string,
    clientPort: number,
    relaySocket: number,
    bytesPerSecond: number,
    burstBytes: number,
  ): number;
  end(relay: NativeHandle, flow: number): void;
  channel(
    relay: NativeHandle,
    flow: number,
    channel: number,
    address: string,
    port: number,
  ): boolean;
  channelToFlow(relay: NativeHandle, flow: number, channel: number, peerFlow: number): boolean;
  unbind(relay: NativeHandle, flow: number, channel: number): void;
  traffic(relay: NativeHandle, flow: number, result: Float64Array): void;
  take(relay: NativeHandle, flow: number, toPeers: boolean, bytes: number): boolean;
}

const built = fileURLToPath(new URL("../../native/build/relay.node", import.meta.url));

/** Loads what scripts/build-native.mjs built. Undefined where it was not built; throws when it does not load. */
export function loadNative(path: string = built): NativeModule | undefined {
  if (!existsSync(path)) return undefined;
  return createRequire(import.meta.url)(path) as NativeModule;
}
