import type { Frame } from "@millrace/media/frame";
import { parseRtp, type RtpPacket } from "@millrace/media/rtp";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, Registry, silentLog, type Transcoder } from "../../core/index.ts";
import { videoInfo } from "../../core/test-frames.ts";
import type { SendMedia, SrtpKeys, SrtpProfile } from "../peer.ts";
import { SrtpReceiver } from "../srtp/index.ts";
import { NodeEgressCore } from "./node-core.ts";
import { PacerDriver } from "./pacer-driver.ts";
import { StreamOutput } from "./stream-output.ts";

/** Keys of a session for tests: what is sealed with `local` is opened with `remote` of the swapped keys. */
export function testKeys(profile: SrtpProfile = "AEAD_AES_128_GCM"): SrtpKeys {
  const saltBytes = profile === "AEAD_AES_128_GCM" ? 12 : 14;
  const master = (seed: number) => ({
    key: Uint8Array.from({ length: 16 }, (_, i) => i * seed),
    salt: Uint8Array.from({ length: saltBytes }, (_, i) => i + seed),
  });
  return { profile, local: master(3), remote: master(5) };
}

/** A negotiated video line for tests. */
export function videoMedia(change: Partial<SendMedia> = {}): SendMedia {
  return {
    kind: "video",
    mid: "0",
    codec: "h264",
    payloadType: 102,
    clockRate: 90_000,
    formats: [
      {
        codec: "h264",
        payloadType: 102,
        clockRate: 90_000,
        profileLevelId: "42e01f",
        rtxPayloadType: 103,
      },
    ],
    ssrc: 0x1111,
    cname: "millrace",
    rtx: { payloadType: 103, ssrc: 0x2222 },
    nack: true,
    extensions: { mid: 4, playoutDelay: 5, absCaptureTime: 6 },
    ...change,
  };
}

/** A negotiated audio line for tests. */
export function audioMedia(change: Partial<SendMedia> = {}): SendMedia {
  return {
    kind: "audio",
    mid: "1",
    codec: "opus",
    payloadType: 111,
    clockRate: 48_000,
    formats: [
      {
        codec: "opus",
        payloadType: 111,
        clockRate: 48_000,
        profileLevelId: undefined,
        rtxPayloadType: undefined,
      },
    ],
    ssrc: 0x3333,
    cname: "millrace",
    rtx: undefined,
    nack: false,
    extensions: { mid: 4 },
    ...change,
  };
}

export interface Received extends RtpPacket {
  readonly atUs: number;
  /** Without wraps. */
  readonly extendedSequence: number;
  readonly datagramBytes: number;
}

/** The far end of a link: opens what it is sent and keeps it. Copies, as the kernel does. */
export class TestReceiver {
  readonly #clock: FakeClock;
  readonly #srtp: SrtpReceiver;
  readonly received: Received[] = [];
  readonly rtcp: { readonly atUs: number; readonly compound: Uint8Array }[] = [];
  /** Datagrams that this link loses; told before it is opened. */
  loses: (datagram: Uint8Array) => boolean = () => false;
  onPacket: (packet: Received) => void = () => {};

  constructor(clock: FakeClock, keys: SrtpKeys) {
    this.#clock = clock;
    this.#srtp = new SrtpReceiver(keys.profile, keys.local);
  }

  send(datagram: Uint8Array): void {
    if (this.loses(datagram)) return;
    const bytes = Uint8Array.from(datagram);
    const type = bytes[1] ?? 0;
    if (type >= 192 && type <= 223) {
      const compound = this.#srtp.openRtcp(bytes);
      if (typeof compound === "string") throw new Error(compound);
      this.rtcp.push({ atUs: this.#clock.nowUs(), compound: Uint8Array.from(compound) });
      return;
    }
    const opened = this.#srtp.openRtp(bytes);
    // The same packet again, where there is no retransmission stream.
    if (opened === "SRTP_REPLAYED") return;
    if (typeof opened === "string") throw new Error(opened);
    const packet = {
      ...parseRtp(opened.packet),
      atUs: this.#clock.nowUs(),
      extendedSequence: opened.extendedSequence,
      datagramBytes: bytes.length,
    };
    this.received.push(packet);
    this.onPacket(packet);
  }

  /** What came on one SSRC. */
  of(ssrc: number): Received[] {
    return this.received.filter((packet) => packet.ssrc === ssrc);
  }
}

/** SPS and PPS are told apart from slices by their type only; nobody decodes them here. */
export const testSps: Uint8Array = Uint8Array.of(0x67, 0x42, 0xe0, 0x1f, 1, 2, 3);
export const testPps: Uint8Array = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);

/** An avcC with those parameter sets. */
export function testAvcC(sps: Uint8Array = testSps, pps: Uint8Array = testPps): Uint8Array {
  return Uint8Array.of(
    ...[1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1, 0, sps.length, ...sps],
    ...[1, 0, pps.length, ...pps],
  );
}

/** One slice of a picture with contents that tell it apart. */
export function slice(
  kind: "key" | "reference" | "disposable",
  size: number,
  seed = 0,
): Uint8Array {
  const nal = new Uint8Array(size);
  for (let i = 0; i < size; i++) nal[i] = i * 31 + seed * 7;
  nal[0] = kind === "key" ? 0x65 : kind === "reference" ? 0x41 : 0x01;
  return nal;
}

export interface Camera {
  readonly framesPerSecond?: number;
  readonly keyEvery?: number;
  readonly keyBytes?: number;
  readonly frameBytes?: number;
  /** Every second frame is not referred to. */
  readonly disposable?: boolean;
}

/** A real stream with a made-up encoder, an output and a driver, all on one fake clock. */
export class TestStream {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry;
  readonly core: NodeEgressCore;
  readonly driver: PacerDriver;
  publisher: Publisher;
  /** Frames as published. */
  readonly published: Frame[] = [];
  readonly #camera: Required<Camera>;
  #encoderUs = 5_000_000;
  #count = 0;

  constructor(camera: Camera = {}, maxReplays = 24, transcoder?: Transcoder) {
    this.#camera = {
      framesPerSecond: 30,
      keyEvery: 300,
      keyBytes: 60_000,
      frameBytes: 9_500,
      disposable: false,
      ...camera,
    };
    this.registry = new Registry({
      clock: this.clock,
      log: silentLog,
      ...(transcoder === undefined ? undefined : { transcoder }),
    });
    this.core = new NodeEgressCore(this.clock);
    this.driver = new PacerDriver({
      clock: this.clock,
      core: this.core,
      log: silentLog,
      limits: { maxReplays },
    });
    this.publisher = this.publish();
  }

  get frameMs(): number {
    return 1000 / this.#camera.framesPerSecond;
  }

  /** Begins to publish, or takes over after the publisher closed. Its first frame is a key frame. */
  publish(config: Uint8Array = testAvcC()): Publisher {
    this.publisher = this.registry.publish({
      stream: "live/test",
      transport: "rtmp",
      address: "127.0.0.1",
      onKick() {},
    });
    this.publisher.setTrack(videoInfo({ config }));
    this.#count = 0;
    return this.publisher;
  }

  openOutput(): StreamOutput {
    const { core, clock } = this;
    return new StreamOutput({ stream: this.publisher.stream, core, clock, log: silentLog });
  }

  /** Publishes frames in their own time for so long. */
  run(ms: number): void {
    const frames = Math.round(ms / this.frameMs);
    for (let i = 0; i < frames; i++) {
      this.frame();
      this.clock.advance(this.frameMs);
    }
  }

  /** Publishes an Opus packet of 20 ms at this encoder time, in milliseconds since the first frame. */
  opus(atMs: number, size = 120): void {
    const ptsUs = this.#encoderUs + Math.round(atMs * 1000);
    const packet = new Uint8Array(size).fill(atMs & 0xff);
    packet[0] = 0xfc;
    this.publisher.frame("audio", { ptsUs, dtsUs: ptsUs, key: true, payload: [packet] });
  }

  /** Publishes the next frame now. */
  frame(): void {
    const { keyEvery, keyBytes, frameBytes, disposable } = this.#camera;
    const index = this.#count++;
    const key = index % keyEvery === 0;
    const kind = key ? "key" : disposable && index % 2 === 1 ? "disposable" : "reference";
    const ptsUs = this.#encoderUs + Math.round(index * this.frameMs * 1000);
    const frame: Frame = {
      ptsUs,
      dtsUs: ptsUs,
      key,
      payload: [slice(kind, key ? keyBytes : frameBytes, this.published.length)],
    };
    this.published.push(frame);
    this.publisher.frame("video", frame);
  }
}
