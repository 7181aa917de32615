import type { Frame } from "@millrace/media/frame";
import { parseRtcp, type RtcpPacket } from "@millrace/media/rtp";
import { FakeClock } from "../../core/fake-clock.ts";
import {
  type FrameSink,
  type PacketEncoding,
  type PacketFrame,
  type PacketSink,
  type PacketSource,
  type Publisher,
  Registry,
  silentLog,
} from "../../core/index.ts";
import type { ReceiveMedia } from "../peer.ts";
import type { IngestLimits } from "./limits.ts";
import { PublisherIngest } from "./publisher-ingest.ts";
import { audioLine, rtp, type TestPacket, videoLine } from "./test-packets.ts";

type Of<T extends RtcpPacket["type"]> = Extract<RtcpPacket, { readonly type: T }> & {
  readonly atUs: number;
};

/** A real stream and publisher, fed by made-up packets; what would be sent is kept. */
export class TestIngest {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly ingest: PublisherIngest;
  readonly sent: { readonly atUs: number; readonly packet: Uint8Array }[] = [];
  /** How often the ingest asked to be looked at before its time. */
  wakes = 0;

  constructor(
    receives: readonly ReceiveMedia[] = [videoLine(), audioLine()],
    limits: Partial<IngestLimits> = {},
  ) {
    const { clock } = this;
    clock.advance(5000);
    this.registry = new Registry({ clock, log: silentLog });
    this.publisher = this.registry.publish({
      stream: "live/cam",
      transport: "webrtc",
      address: "192.0.2.1",
      onKick() {},
    });
    clock.advance(1000);
    this.ingest = new PublisherIngest({
      publisher: this.publisher,
      clock,
      log: silentLog,
      limits,
      send: (packet) => void this.sent.push({ atUs: clock.nowUs(), packet: packet.slice() }),
      wake: () => void this.wakes++,
    });
    this.ingest.configure(receives);
  }

  /** A packet arrives now. */
  packet(packet: TestPacket): void {
    this.ingest.rtp(rtp(packet), this.clock.nowUs());
  }

  /** An RTCP packet arrives now. */
  rtcp(packet: Uint8Array): void {
    this.ingest.rtcp(packet, this.clock.nowUs());
  }

  /** Lets time pass, with all timeouts at their time. */
  run(ms: number): void {
    const endUs = this.clock.nowUs() + Math.round(ms * 1000);
    for (let turns = 0; ; turns++) {
      if (turns > 1_000_000) throw new Error("timeouts do not move on");
      const nextUs = Math.max(this.ingest.nextTimeoutUs, this.clock.nowUs());
      if (nextUs > endUs) break;
      this.clock.advance((nextUs - this.clock.nowUs()) / 1000);
      this.ingest.onTimeout(this.clock.nowUs());
    }
    this.clock.advance((endUs - this.clock.nowUs()) / 1000);
  }

  get nowUs(): number {
    return this.clock.nowUs();
  }

  get video(): PacketSource | undefined {
    return this.publisher.stream.track("video")?.packets;
  }

  get audio(): PacketSource | undefined {
    return this.publisher.stream.track("audio")?.packets;
  }

  /** The RTCP packets of that type that were sent so far. */
  rtcpOf<T extends RtcpPacket["type"]>(type: T): Of<T>[] {
    return this.sent.flatMap(({ atUs, packet }) =>
      parseRtcp(packet)
        .filter((each) => each.type === type)
        .map((each) => ({ ...each, atUs }) as Of<T>),
    );
  }

  /** 16-bit numbers that were asked for so far, in order. */
  get nacked(): readonly number[] {
    return this.rtcpOf("nack").flatMap(({ sequences }) => sequences);
  }
}

/** Keeps what an encoding hands out, and checks that it keeps the order that is promised. */
export class TestSink implements PacketSink {
  readonly frames: PacketFrame[] = [];
  readonly events: string[] = [];
  #encoding: PacketEncoding | undefined;

  /** Subscribes; what the group has comes first, as with everybody who forwards. */
  follow(encoding: PacketEncoding): this {
    this.#encoding = encoding;
    this.frames.push(...encoding.group);
    encoding.subscribe(this);
    return this;
  }

  stop(): void {
    this.#encoding?.unsubscribe(this);
  }

  begun(frame: PacketFrame): void {
    if (this.frames.includes(frame)) throw new Error("a frame began twice");
    const last = this.frames.at(-1);
    if (last !== undefined && frame.ptsUs <= last.ptsUs) throw new Error("time does not increase");
    if (frame.payloads.length === 0) throw new Error("a frame without payload");
    this.frames.push(frame);
    this.events.push(`begun ${frame.payloads.length}${frame.complete ? " complete" : ""}`);
  }

  grown(frame: PacketFrame): void {
    if (this.frames.at(-1) !== frame) throw new Error("another frame than the last one grew");
    this.events.push(`grown ${frame.payloads.length}${frame.complete ? " complete" : ""}`);
  }
}

/** Keeps the frames of a track. */
export class TestFrameSink implements FrameSink {
  readonly frames: Frame[] = [];

  frame(frame: Frame): void {
    this.frames.push(frame);
  }
}
