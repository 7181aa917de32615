import { describe, expect, it } from "vitest";
import { unwrapRtx } from "./rtx.ts";

describe("unwrapRtx", () => {
  it("takes the original sequence number off, without copying the rest", () => {
    const payload = Uint8Array.of(0xff, 0xfe, 1, 2, 3);
    const content = unwrapRtx(payload);
    expect(content).toEqual({ sequence: 65_534, payload: Uint8Array.of(1, 2, 3) });
    expect(content?.payload.buffer).toBe(payload.buffer);
  });

  it("takes the repetition of a packet without payload", () => {
    expect(unwrapRtx(Uint8Array.of(0, 7))).toEqual({ sequence: 7, payload: new Uint8Array(0) });
  });

  it("finds nothing in probes of padding alone", () => {
    expect(unwrapRtx(new Uint8Array(0))).toBeUndefined();
    expect(unwrapRtx(Uint8Array.of(1))).toBeUndefined();
  });
});
