import { describe, expect, it } from "vitest";
import { parseOpusPacket } from "../opus/index.ts";
import { depacketizeOpus, opusClockRate, packetizeOpus } from "./opus.ts";
import { parseRtp } from "./packet.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

describe("Opus over RTP", () => {
  /** rtpopuspay of GStreamer: 60 ms frames. */
  const packets = [
    "80e0498d45db36a3985cff05fb03fffefffefffe",
    "8060498e45db40ab985cff05fb03fffefffefffe",
    "8060498f45db4beb985cff05fb03fffefffefffe",
  ].map((line) => parseRtp(hex(line)));

  it("is what GStreamer sends", () => {
    expect(packets.map(depacketizeOpus)).toEqual([
      { timestamp: 0x45db36a3, isTalkSpurt: true, packet: hex("fb03fffefffefffe") },
      { timestamp: 0x45db40ab, isTalkSpurt: false, packet: hex("fb03fffefffefffe") },
      { timestamp: 0x45db4beb, isTalkSpurt: false, packet: hex("fb03fffefffefffe") },
    ]);
    const { durationUs } = parseOpusPacket(hex("fb03fffefffefffe"));
    expect(0x45db4beb - 0x45db40ab).toBe((durationUs * opusClockRate) / 1_000_000);
  });

  it("copies nothing in either direction", () => {
    const packet = hex("fb03fffefffefffe");
    expect(packetizeOpus(packet)[0]).toBe(packet);
    const [first] = packets;
    expect(first && depacketizeOpus(first)?.packet).toBe(first?.payload);
  });

  it("is nothing in a packet of padding", () => {
    expect(depacketizeOpus(parseRtp(hex("a0e0498d45db36a3985cff05000003")))).toBeUndefined();
  });
});
