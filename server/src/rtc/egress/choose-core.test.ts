import { expect, test } from "vitest";
import { type Log, silentLog, systemClock } from "../../core/index.ts";
import { chooseEgress, EgressUnavailableError, testNative } from "./choose-core.ts";
import { loadNative, type NativeModule } from "./native-module.ts";

const native = loadNative();
const clock = systemClock;

function warnings(): { log: Log; codes: unknown[] } {
  const codes: unknown[] = [];
  const warn = (fields: { code?: unknown }): void => void codes.push(fields.code);
  return { log: { ...silentLog, warn } as Log, codes };
}

test.runIf(native !== undefined)("the native tier is taken where it passes", () => {
  const { core } = chooseEgress({ choice: "auto", clock, log: silentLog });
  expect(core.tier).toBe("native");
  core.close();
  expect(testNative(native as NativeModule)).toBeUndefined();
});

test.runIf(native !== undefined)("one wrong bit anywhere and it is not used", () => {
  const { log, codes } = warnings();
  const wrong: NativeModule = {
    ...(native as NativeModule),
    seal: (core, link, packet, ...rest) => {
      const length = (native as NativeModule).seal(core, link, packet, ...rest);
      packet[length - 1] = (packet[length - 1] ?? 0) ^ 1;
      return length;
    },
  };
  const chosen = chooseEgress({ choice: "auto", clock, log, load: () => wrong });
  expect(chosen.core.tier).toBe("node");
  expect(chosen.native).toBeUndefined();
  expect(codes).toEqual(["EGRESS_SELF_TEST"]);
});

test("without it the node tier serves, unless it was asked for", () => {
  const load = (): undefined => undefined;
  expect(chooseEgress({ choice: "auto", clock, log: silentLog, load }).core.tier).toBe("node");
  const asked = (): unknown => chooseEgress({ choice: "native", clock, log: silentLog, load });
  expect(asked).toThrow(EgressUnavailableError);
  expect(asked).toThrow(/compiler/);
});

test("one that does not load is told and left", () => {
  const { log, codes } = warnings();
  const load = (): never => {
    throw new Error("wrong ELF class");
  };
  expect(chooseEgress({ choice: "auto", clock, log, load }).core.tier).toBe("node");
  expect(codes).toEqual(["EGRESS_SELF_TEST"]);
});

test("the node tier can be asked for", () => {
  expect(chooseEgress({ choice: "node", clock, log: silentLog }).core.tier).toBe("node");
});
