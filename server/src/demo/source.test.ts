import { spawnSync } from "node:child_process";
import type { Frame } from "@millrace/media/frame";
import { hasIdr } from "@millrace/media/h264";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { beepPackets } from "./beep-packets.ts";
import { DemoSource, demoStreamName } from "./source.ts";

let clock: FakeClock;
let registry: Registry;
let demo: DemoSource;
let video: Frame[];
let audio: Frame[];

beforeEach(() => {
  clock = new FakeClock(1_700_000_000_250);
  registry = new Registry({ clock, log: silentLog, limits: { graceMs: 0 } });
  demo = new DemoSource({ registry, clock, log: silentLog });
  video = [];
  audio = [];
  const stream = registry.get(demoStreamName);
  stream?.track("video")?.subscribe({ frame: (frame) => void video.push(frame) });
  stream?.track("audio")?.subscribe({ frame: (frame) => void audio.push(frame) });
});
afterEach(() => {
  demo.close();
  registry.close("TEST");
  expect(clock.timers).toBe(0);
});

const packet = (frame: Frame | undefined): string =>
  Buffer.from(frame?.payload[0] ?? []).toString("base64");

describe("DemoSource", () => {
  it("is published with H.264 and Opus", () => {
    const stream = registry.get("live/demo");
    expect(stream?.state).toBe("live");
    expect(stream?.track("video")?.info).toMatchObject({ codecString: "avc1.42e01f", width: 1280 });
    expect(stream?.track("audio")?.info).toMatchObject({ codec: "opus", channels: 2 });
    expect(registry.publisher("live/demo")?.info.transport).toBe("demo");
  });

  it("begins with a second of the wall clock and makes 30 pictures and 50 packets in each", () => {
    clock.advance(749);
    expect([video.length, audio.length]).toEqual([0, 0]);
    clock.advance(2);
    expect([video.length, audio.length]).toEqual([1, 1]);
    clock.advance(3998);
    expect([video.length, audio.length]).toEqual([120, 200]);
  });

  it("has a key frame every two seconds and says so truly", () => {
    clock.advance(750 + 6000);
    const keys = video.flatMap((frame, index) => (frame.key ? [index] : []));
    expect(keys).toEqual([0, 60, 120, 180]);
    for (const frame of video) expect(hasIdr(frame.payload)).toBe(frame.key);
  });

  it("beeps with the first packets of every second, which is when it flashes", () => {
    clock.advance(750 + 2999);
    for (const second of [0, 1, 2]) {
      expect(packet(audio[second * 50])).toBe(beepPackets[0]);
      expect(packet(audio[second * 50 + 49])).toBe(beepPackets[49]);
      expect(audio[second * 50]?.ptsUs).toBe(video[second * 30]?.ptsUs);
    }
  });

  it("has times that grow evenly, in step with the clock", () => {
    clock.advance(750 + 1999);
    const first = video[0]?.ptsUs ?? 0;
    expect((video[30]?.ptsUs ?? 0) - first).toBe(1_000_000);
    expect((video[1]?.ptsUs ?? 0) - first).toBe(33_333);
    expect((audio[1]?.ptsUs ?? 0) - (audio[0]?.ptsUs ?? 0)).toBe(20_000);
  });

  it("leaves out what it missed while the process was stopped", () => {
    clock.advance(750);
    // One timer fires 3.5 s late.
    const frozen = new FakeClock(1_700_000_000_000);
    const late = new Registry({ clock: frozen, log: silentLog, limits: { graceMs: 0 } });
    let skewMs = 0;
    const skewed = {
      nowUs: () => frozen.nowUs() + skewMs * 1000,
      wallMs: () => frozen.wallMs() + skewMs,
      after: frozen.after.bind(frozen),
    };
    const source = new DemoSource({ registry: late, clock: skewed, log: silentLog });
    const seen: Frame[] = [];
    late
      .get(demoStreamName)
      ?.track("video")
      ?.subscribe({ frame: (frame) => void seen.push(frame) });
    frozen.advance(1000 + 200);
    const before = seen.length;
    skewMs = 3500;
    frozen.advance(50);
    expect(seen.length - before).toBeLessThan(30);
    expect(seen.length).toBeGreaterThan(before);
    source.close();
    late.close("TEST");
  });

  it("ends when it is kicked, and may be closed twice", () => {
    clock.advance(1000);
    registry.publisher("live/demo")?.info.onKick("KICKED");
    expect(registry.get("live/demo")).toBeUndefined();
    demo.close();
    const count = video.length;
    clock.advance(1000);
    expect(video.length).toBe(count);
  });

  it("is refused when somebody publishes that name", () => {
    expect(() => new DemoSource({ registry, clock, log: silentLog })).toThrow(/publishes/);
  });
});

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

describe.skipIf(!hasFfmpeg)("the beep, decoded by ffmpeg", () => {
  it("begins with the second, lasts 100 ms, and repeats without a seam", () => {
    const seconds = 4;
    const packets = Array.from({ length: seconds }, () => beepPackets).flat();
    const ogg = writeOgg(packets.map((text) => Buffer.from(text, "base64")));
    const args = "-hide_banner -loglevel error -f ogg -i pipe:0 -f s16le -ac 1 -ar 48000 pipe:1";
    const { stdout, stderr, status } = spawnSync("ffmpeg", args.split(" "), {
      input: ogg,
      maxBuffer: 1 << 24,
    });
    expect(status, stderr.toString()).toBe(0);
    const sample = (index: number) => stdout.readInt16LE(index * 2);
    const loudest = (fromMs: number, toMs: number): number => {
      let peak = 0;
      for (let at = fromMs * 48; at < toMs * 48; at++) peak = Math.max(peak, Math.abs(sample(at)));
      return peak;
    };
    for (const second of [1000, 2000]) {
      expect(loudest(second + 2, second + 98)).toBeGreaterThan(6000);
      expect(loudest(second + 110, second + 990)).toBeLessThan(100);
    }
    let difference = 0;
    for (let at = 48_000; at < 96_000; at++) {
      difference = Math.max(difference, Math.abs(sample(at) - sample(at + 48_000)));
    }
    expect(difference).toBeLessThan(100);
  });
});

/** RFC 3533 and RFC 7845: one packet per page, no pre-skip. */
function writeOgg(packets: readonly Buffer[]): Buffer {
  const head = Buffer.from("4f707573486561640102000080bb0000000000", "hex");
  const tags = Buffer.concat([Buffer.from("OpusTags"), Buffer.alloc(8)]);
  let granule = 0n;
  const pages = [head, tags, ...packets].map((data, index) => {
    if (index >= 2) granule += 960n;
    const segments = Math.floor(data.length / 255) + 1;
    const page = Buffer.alloc(27 + segments);
    page.write("OggS", 0);
    page.writeUInt8(index === 0 ? 2 : 0, 5);
    page.writeBigUInt64LE(granule, 6);
    page.writeUInt32LE(1, 14);
    page.writeUInt32LE(index, 18);
    page.writeUInt8(segments, 26);
    page.fill(255, 27, 27 + segments - 1);
    page.writeUInt8(data.length % 255, 27 + segments - 1);
    const whole = Buffer.concat([page, data]);
    whole.writeUInt32LE(oggChecksum(whole), 22);
    return whole;
  });
  return Buffer.concat(pages);
}

/** RFC 3533 section 6, field 7: CRC-32 with polynomial 04c11db7, not reflected. */
function oggChecksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}
