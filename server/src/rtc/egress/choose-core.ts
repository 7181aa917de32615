import { availableParallelism } from "node:os";
import type { Clock, Log } from "../../core/index.ts";
import type { SrtpKeys, SrtpProfile } from "../peer.ts";
import { deriveSessionKeys } from "../srtp/key-derivation.ts";
import { createPacketCipher } from "../srtp/packet-cipher.ts";
import type { EgressCore, EgressTier } from "./core.ts";
import { nativeCounters } from "./native-batch.ts";
import { maxEgressThreads, NativeEgressCore } from "./native-core.ts";
import { loadNative, type NativeModule } from "./native-module.ts";
import { NodeEgressCore } from "./node-core.ts";

/** What `rtc.egress` may say. */
export type EgressChoice = "auto" | "native" | "node";

export interface EgressOptions {
  readonly choice: EgressChoice;
  /** Threads of the native tier; undefined: one per core beside this one, at most four. */
  readonly threads?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined where it was not built. For tests. */
  readonly load?: () => NativeModule | undefined;
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

/**
 * Makes the fastest tier that passes its self-test, or the one that was asked for.
 * @throws EgressUnavailableError when that one does not work.
 */
export function chooseEgress(options: EgressOptions): ChosenEgress {
  const { choice, clock, log } = options;
  const node = (): ChosenEgress => ({ core: new NodeEgressCore(clock), native: undefined });
  if (choice === "node") return node();
  const threads = Math.min(options.threads ?? defaultThreads(), maxEgressThreads);
  let why = "it was not built (scripts/build-native.mjs needs a C compiler)";
  try {
    const native = (options.load ?? loadNative)();
    if (native !== undefined) {
      const fault = testNative(native);
      if (fault === undefined) {
        return { core: new NativeEgressCore({ native, threads, clock }), native };
      }
      why = fault;
      log.warn({ code: "EGRESS_SELF_TEST", fault }, "the native egress is not used");
    }
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
    log.warn({ code: "EGRESS_SELF_TEST", error: why }, "the native egress does not load");
  }
  if (choice === "native") throw new EgressUnavailableError("native", why);
  return node();
}

function defaultThreads(): number {
  return Math.min(availableParallelism() - 1, 4);
}

const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const testHeaderBytes = [12, 20, 32];
const testPayloadBytes = [0, 1, 15, 16, 17, 63, 64, 65, 1142];
/** The first packet, the last before the sequence number wraps, and one with a large roll-over counter. */
const testIndexes = [0, 0xffff, 0x10000, 0xfffe_dcba_9876];

/** Seals packets of many lengths with both profiles and compares them with the node tier's. Returns what differs. */
export function testNative(native: NativeModule): string | undefined {
  const core = native.create(0, nativeCounters(1));
  try {
    for (const profile of profiles) {
      const keys = selfTestKeys(profile);
      const { cipher, auth, salt } = deriveSessionKeys(profile, keys.local, "rtp");
      const link = native.open(core, cipher.export(), salt, auth?.export());
      const expected = createPacketCipher(profile, keys.local);
      for (const headerBytes of testHeaderBytes) {
        for (const payloadBytes of testPayloadBytes) {
          for (const index of testIndexes) {
            const plain = headerBytes + payloadBytes;
            const ssrc = 0xdeadbeef;
            const made = pattern(plain + 16);
            const length = native.seal(
              ...([core, link, made, headerBytes, plain, ssrc] as const),
              Math.floor(index / 0x10000) % 0x1_0000_0000,
              index % 0x10000,
            );
            const right = pattern(plain + 16);
            const payload = right.slice(headerBytes, plain);
            const rightLength = expected.sealRtp(
              ...([right, 0, headerBytes, undefined, payload, ssrc, index] as const),
            );
            const same = Buffer.compare(made.subarray(0, length), right.subarray(0, rightLength));
            if (same !== 0) {
              return `${profile} differs at ${headerBytes}+${payloadBytes} bytes, index ${index}`;
            }
          }
        }
      }
    }
    return undefined;
  } finally {
    native.close(core);
  }
}

function selfTestKeys(profile: SrtpProfile): SrtpKeys {
  const master = {
    key: pattern(16),
    salt: pattern(profile === "AEAD_AES_128_GCM" ? 12 : 14),
  };
  return { profile, local: master, remote: master };
}

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 37 + 11) & 0xff);
}
