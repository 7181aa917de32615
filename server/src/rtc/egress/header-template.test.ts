import { findExtension, parseRtp } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { HeaderTemplate, maxHeaderBytes } from "./header-template.ts";
import { videoMedia } from "./test-rig.ts";

const capture = { seconds: 0x01020304, fraction: 0x05060708 };

describe("HeaderTemplate", () => {
  it("writes what a parser reads", () => {
    const media = videoMedia();
    const header = new HeaderTemplate(media, media, { timed: true, counted: false }).write(
      true,
      0xfffe,
      0x89abcdef,
      capture,
      0,
    );
    const packet = parseRtp(header);
    expect(packet).toMatchObject({
      marker: true,
      payloadType: 102,
      sequence: 0xfffe,
      timestamp: 0x89abcdef,
      ssrc: 0x1111,
    });
    expect(findExtension(packet.extension, 6)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(findExtension(packet.extension, 5)).toEqual(new Uint8Array(3));
    expect(findExtension(packet.extension, 4)).toEqual(Uint8Array.of(0x30));
  });

  it("has no extension when none was agreed", () => {
    const media = videoMedia({ extensions: {} });
    const header = new HeaderTemplate(media, media, { timed: true, counted: false }).write(
      false,
      1,
      2,
      capture,
      0,
    );
    expect(header).toHaveLength(12);
    expect(parseRtp(header).extension).toBeUndefined();
  });

  it.each([
    ["a long mid", "x".repeat(10), true],
    ["a mid that is too long for the room", "x".repeat(11), false],
    ["a mid that no element can carry", "x".repeat(17), false],
  ])("never grows over its limit: %s", (_name, mid, carried) => {
    const media = videoMedia({ mid });
    const header = new HeaderTemplate(media, media, { timed: true, counted: false }).write(
      false,
      1,
      2,
      capture,
      0,
    );
    expect(header.length).toBeLessThanOrEqual(maxHeaderBytes);
    const { extension } = parseRtp(header);
    expect(findExtension(extension, 6)).toHaveLength(8);
    expect(findExtension(extension, 4) !== undefined).toBe(carried);
  });

  it("leaves out ids that one-byte elements cannot have", () => {
    const media = videoMedia({ extensions: { mid: 15, playoutDelay: 0, absCaptureTime: 14 } });
    const { extension } = parseRtp(
      new HeaderTemplate(media, media, { timed: true, counted: false }).write(
        false,
        1,
        2,
        capture,
        0,
      ),
    );
    expect(extension?.data).toHaveLength(12);
    expect(findExtension(extension, 14)).toHaveLength(8);
  });
});
