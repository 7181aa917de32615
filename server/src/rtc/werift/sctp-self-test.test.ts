import { expect, test } from "vitest";
import { weriftSctpClass } from "./sctp-adapter.ts";
import { missingOfCore } from "./sctp-core.ts";
import { checkSctp } from "./sctp-self-test.ts";

test("the installed werift passes", async () => {
  expect(await checkSctp()).toBeUndefined();
});

test("an inside that is gone or changed is named", () => {
  const core = new (weriftSctpClass())(
    { onData: undefined, send: () => Promise.resolve(), close() {} },
    5000,
    { mtu: 1160 },
  );
  expect(missingOfCore(core)).toEqual([]);
  Reflect.set(core, "flightSize", undefined);
  Reflect.set(core, "sentQueue", {});
  Reflect.set(core, "transmit", 5);
  expect(missingOfCore(core).sort()).toEqual(["flightSize", "sentQueue", "transmit"]);
});

test("one that sends nothing is found out", async () => {
  const { prototype } = weriftSctpClass();
  const { transmit } = prototype;
  prototype.transmit = async () => {};
  try {
    expect(await checkSctp(1000)).toContain("only established");
  } finally {
    prototype.transmit = transmit;
  }
});
