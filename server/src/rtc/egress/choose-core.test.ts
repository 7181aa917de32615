import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Log, silentLog, systemClock } from "../../core/index.ts";
import { chooseEgress, EgressUnavailableError, testNative, testWasm } from "./choose-core.ts";
import { loadNative, type NativeModule } from "./native-module.ts";
import { openNode, testShared, testTier } from "./self-test.ts";
import { loadSealer, type WasmInstance, writeSealer } from "./wasm-module.ts";

const native = loadNative();
const clock = systemClock;
const none = (): undefined => undefined;

function warnings(): { log: Log; said: unknown[] } {
  const said: unknown[] = [];
  const warn = (fields: { code?: unknown; tier?: unknown }): void => {
    said.push([fields.code, fields.tier]);
  };
  return { log: { ...silentLog, warn } as Log, said };
}

function wrongWasm(): WasmInstance {
  const wasm = loadSealer() as WasmInstance;
  const { exports, bytes } = wasm;
  const gcm: typeof exports.gcm = (packet, header, text, length, stream) => {
    exports.gcm(packet, header, text, length, stream);
    const last = packet + header + length;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
  };
  return { ...wasm, exports: { ...exports, gcm } };
}

test.runIf(native !== undefined)("the native tier is taken where it passes", () => {
  const { core } = chooseEgress({ choice: "auto", clock, log: silentLog });
  expect(core.tier).toBe("native");
  core.close();
  expect(testNative(native as NativeModule)).toBeUndefined();
});

test.runIf(native !== undefined)("one wrong bit anywhere and it is not used", () => {
  const { log, said } = warnings();
  const wrong: NativeModule = {
    ...(native as NativeModule),
    seal: (core, link, packet, ...rest) => {
      const length = (native as NativeModule).seal(core, link, packet, ...rest);
      packet[length - 1] = (packet[length - 1] ?? 0) ^ 1;
      return length;
    },
  };
  const chosen = chooseEgress({ choice: "auto", clock, log, load: () => wrong });
  expect(chosen.core.tier).toBe("wasm");
  expect(chosen.native).toBeUndefined();
  expect(said).toEqual([["EGRESS_SELF_TEST", "native"]]);
});

test("without it WebAssembly serves, unless it was asked for", () => {
  const { log, said } = warnings();
  expect(chooseEgress({ choice: "auto", clock, log, load: none }).core.tier).toBe("wasm");
  const asked = (): unknown => chooseEgress({ choice: "native", clock, log, load: none });
  expect(asked).toThrow(EgressUnavailableError);
  expect(asked).toThrow(/compiler/);
  // Whoever installed it without a compiler was told then.
  expect(said).toEqual([]);
});

test("one that does not load is told and left", () => {
  const { log, said } = warnings();
  const load = (): never => {
    throw new Error("wrong ELF class");
  };
  expect(chooseEgress({ choice: "auto", clock, log, load }).core.tier).toBe("wasm");
  expect(said).toEqual([["EGRESS_SELF_TEST", "native"]]);
});

test("one wrong bit in WebAssembly and the node tier serves", () => {
  expect(testWasm(loadSealer() as WasmInstance, clock)).toBeUndefined();
  expect(testWasm(wrongWasm(), clock)).toMatch(/RFC 7714/);
  const { log, said } = warnings();
  const options = { clock, log, load: none, loadWasm: wrongWasm };
  expect(chooseEgress({ choice: "auto", ...options }).core.tier).toBe("node");
  expect(said).toEqual([["EGRESS_SELF_TEST", "wasm"]]);
  expect(() => chooseEgress({ choice: "wasm", ...options })).toThrow(EgressUnavailableError);
});

test("without WebAssembly SIMD the node tier serves", () => {
  const { log, said } = warnings();
  const options = { clock, log, load: none, loadWasm: none };
  expect(chooseEgress({ choice: "auto", ...options }).core.tier).toBe("node");
  expect(said).toEqual([["EGRESS_SELF_TEST", "wasm"]]);
  expect(() => chooseEgress({ choice: "wasm", ...options })).toThrow(/SIMD/);
});

test.runIf(process.arch === "x64")("a machine without SIMD does not take the module", () => {
  const script = `
    const module = Buffer.from(process.argv[1], "base64");
    process.stdout.write(String(WebAssembly.validate(module)));`;
  const answer = (...flags: string[]): string => {
    const module = Buffer.from(writeSealer()).toString("base64");
    return execFileSync(process.execPath, [...flags, "-e", script, module], { encoding: "utf8" });
  };
  expect(answer()).toBe("true");
  expect(answer("--no-enable-sse4-1", "--no-enable-ssse3")).toBe("false");
});

test("the other tiers can be asked for", () => {
  for (const choice of ["wasm", "node"] as const) {
    expect(chooseEgress({ choice, clock, log: silentLog }).core.tier).toBe(choice);
  }
});

test("what is tested against the specifications passes, and a wrong tier does not", () => {
  expect(testShared()).toBeUndefined();
  expect(testTier(openNode)).toBeUndefined();
  // Right with one packet, wrong with several.
  const fault = testTier((profile, keys) => {
    const seal = openNode(profile, keys);
    return (packets) => (packets.length === 1 ? seal(packets) : [...seal(packets)].reverse());
  });
  expect(fault).toMatch(/differs at 12\+0 bytes, index 0/);
});
