import { availableParallelism } from "node:os";
import type { Clock, Log } from "../../core/index.ts";
import { testNativeSrtp } from "../srtp/native-self-test.ts";
import type { EgressCore, EgressTier } from "./core.ts";
import { nativeCounters } from "./native-batch.ts";
import { maxEgressThreads, NativeEgressCore } from "./native-core.ts";
import { loadNative, type NativeModule } from "./native-module.ts";
import { NodeEgressCore } from "./node-core.ts";
import { type OpenTestSealer, openNode, testShared, testTier } from "./self-test.ts";
import { WasmBatch } from "./wasm-batch.ts";
import { WasmEgressCore } from "./wasm-core.ts";
import { wasmKeys } from "./wasm-keys.ts";
import { loadSealer, type WasmInstance } from "./wasm-module.ts";

/** What `rtc.egress` may say. */
export type EgressChoice = "auto" | EgressTier;

export interface EgressOptions {
  readonly choice: EgressChoice;
  /** Threads of the native tier; undefined: one per core, at most four; on one core none. */
  readonly threads?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined where it was not built. For tests. */
  readonly load?: () => NativeModule | undefined;
  /** Undefined where there is no WebAssembly SIMD. For tests. */
  readonly loadWasm?: () => WasmInstance | undefined;
}

/** The tier that was chosen, and what opens sockets that it can use itself. */
export interface ChosenEgress {
  readonly core: EgressCore;
  readonly native: NativeModule | undefined;
}

/** A tier was asked for that does not work here. */
export class EgressUnavailableError extends Error {
  readonly code = "EGRESS_UNAVAILABLE";
  readonly tier: EgressTier;

  constructor(tier: EgressTier, why: string) {
    super(`rtc.egress is ${tier}, which does not work here: ${why}`);
    this.name = "EgressUnavailableError";
    this.tier = tier;
  }
}

/** A tier that cannot be had here, and whether somebody should hear of it. */
interface Missing {
  readonly why: string;
  readonly quiet: boolean;
}

const order: readonly EgressTier[] = ["native", "wasm", "node"];

/**
 * Makes the fastest tier that passes its self-test, or the one that was asked for.
 * @throws EgressUnavailableError when that one does not work, or none.
 */
export function chooseEgress(options: EgressOptions): ChosenEgress {
  const { choice, log } = options;
  for (const tier of choice === "auto" ? order : [choice]) {
    const made = makeTier(tier, options);
    if ("core" in made) return made;
    const { why, quiet } = made;
    if (!quiet) {
      log.warn({ code: "EGRESS_SELF_TEST", tier, fault: why }, `the ${tier} egress is not used`);
    }
    if (choice === tier || tier === "node") throw new EgressUnavailableError(tier, why);
  }
  throw new Error("no tier");
}

function makeTier(tier: EgressTier, options: EgressOptions): ChosenEgress | Missing {
  try {
    switch (tier) {
      case "native":
        return makeNative(options);
      case "wasm":
        return makeWasm(options);
      case "node":
        return makeNode(options);
    }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error), quiet: false };
  }
}

function makeNative({ load = loadNative, threads, clock }: EgressOptions): ChosenEgress | Missing {
  const native = load();
  if (native === undefined) {
    // Who installed it was told.
    const why = "it was not built (scripts/build-native.mjs needs a C compiler)";
    return { why, quiet: true };
  }
  const fault = testNative(native) ?? testNativeSrtp(native);
  if (fault !== undefined) return { why: fault, quiet: false };
  const workers = Math.min(threads ?? defaultThreads(), maxEgressThreads);
  return { core: new NativeEgressCore({ native, threads: workers, clock }), native };
}

function makeWasm({ loadWasm = loadSealer, clock }: EgressOptions): ChosenEgress | Missing {
  const wasm = loadWasm();
  if (wasm === undefined) return { why: "there is no WebAssembly SIMD here", quiet: false };
  const fault = testWasm(wasm, clock);
  if (fault !== undefined) return { why: fault, quiet: false };
  return { core: new WasmEgressCore({ wasm, clock }), native: undefined };
}

function makeNode({ clock }: EgressOptions): ChosenEgress | Missing {
  const fault = testShared() ?? testTier(openNode);
  if (fault !== undefined) return { why: fault, quiet: false };
  return { core: new NodeEgressCore(clock), native: undefined };
}

/**
 * As many as there are cores, although this thread needs one too: sealing and sending a packet takes five times as long as
 * deciding about it, so with one thread fewer this core would idle while the others are full.
 */
function defaultThreads(): number {
  const cores = availableParallelism();
  return cores < 2 ? 0 : Math.min(cores, 4);
}

/** Seals what the self-test asks for with native code. Returns what differs. */
export function testNative(native: NativeModule): string | undefined {
  const core = native.create(0, nativeCounters(1));
  const open: OpenTestSealer = (_profile, { cipher, salt, auth }) => {
    const link = native.open(core, cipher.export(), salt, auth?.export());
    return (packets) =>
      packets.map(({ header, payload, ssrc, index }) => {
        const plain = header.length + payload.length;
        const out = new Uint8Array(plain + 16);
        out.set(header);
        out.set(payload, header.length);
        const rollover = Math.floor(index / 0x10000) % 0x1_0000_0000;
        const length = native.seal(
          ...([core, link, out, header.length, plain, ssrc, rollover, index % 0x10000] as const),
        );
        return out.subarray(0, length);
      });
  };
  try {
    return testTier(open);
  } finally {
    native.close(core);
  }
}

/** Seals what the self-test asks for in WebAssembly. Returns what differs. */
export function testWasm(wasm: WasmInstance, clock: Clock): string | undefined {
  const batch = new WasmBatch(wasm, clock);
  return testTier((profile, session) => {
    const keys = wasmKeys(profile, session, wasm);
    batch.forgetTables();
    return (packets) => {
      const made: Uint8Array[] = [];
      const socket = { send: (datagram: Uint8Array) => void made.push(datagram.slice()) };
      const path = { address: "", port: 0, socket };
      for (const { header, payload, ssrc, index } of packets) {
        batch.add(keys, path, header, undefined, payload, ssrc, index);
      }
      batch.flush();
      return made;
    };
  });
}
