import type { Clock } from "../../core/index.ts";
import type { SrtpKeys } from "../peer.ts";
import { deriveSessionKeys } from "../srtp/key-derivation.ts";
import type { DatagramPort, EgressCore, EgressLink } from "./core.ts";
import { NodeEgressCore } from "./node-core.ts";
import { WasmBatch } from "./wasm-batch.ts";
import { type WasmKeys, wasmKeys } from "./wasm-keys.ts";
import { maxHeadBytes, maxPlainBytes, type WasmInstance } from "./wasm-module.ts";

export interface WasmEgressOptions {
  /** Of `loadSealer`; no other core may use it. */
  readonly wasm: WasmInstance;
  readonly clock: Clock;
}

/**
 * The tier for machines without native code: AES by a cipher of node:crypto that makes key stream for many packets in a call, the
 * rest in WebAssembly. Packets are gathered and sent with `flush`. RTCP and packets of unusual size go the way of the node tier.
 */
export class WasmEgressCore implements EgressCore {
  readonly tier = "wasm" as const;
  readonly #wasm: WasmInstance;
  readonly #batch: WasmBatch;
  readonly #node: NodeEgressCore;

  constructor({ wasm, clock }: WasmEgressOptions) {
    this.#wasm = wasm;
    this.#batch = new WasmBatch(wasm, clock);
    this.#node = new NodeEgressCore(clock);
  }

  open(keys: SrtpKeys, port: DatagramPort): EgressLink {
    const rtp = deriveSessionKeys(keys.profile, keys.local, "rtp");
    const sealing = wasmKeys(keys.profile, rtp, this.#wasm);
    this.#batch.forgetTables();
    const fallback = this.#node.open(keys, port);
    return new WasmEgressLink(this.#batch, sealing, port, fallback);
  }

  flush(): void {
    this.#batch.flush();
  }

  close(): void {
    this.#batch.flush();
    this.#node.close();
  }
}

class WasmEgressLink implements EgressLink {
  readonly #batch: WasmBatch;
  readonly #keys: WasmKeys;
  readonly #port: DatagramPort;
  readonly #fallback: EgressLink;
  #open = true;

  constructor(batch: WasmBatch, keys: WasmKeys, port: DatagramPort, fallback: EgressLink) {
    this.#batch = batch;
    this.#keys = keys;
    this.#port = port;
    this.#fallback = fallback;
  }

  rtp(
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number {
    if (!this.#open) return 0;
    const { path } = this.#port;
    const headBytes = header.length + (prefix?.length ?? 0);
    const plainBytes = headBytes + payload.length;
    if (path === undefined || headBytes > maxHeadBytes || plainBytes > maxPlainBytes) {
      this.#batch.flush();
      return this.#fallback.rtp(header, prefix, payload, ssrc, index);
    }
    this.#batch.add(this.#keys, path, header, prefix, payload, ssrc, index);
    return plainBytes + this.#keys.tagBytes;
  }

  rtcp(compound: Uint8Array): number {
    return this.#fallback.rtcp(compound);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#batch.flush();
    this.#keys.stream.close();
    this.#fallback.close();
  }
}
