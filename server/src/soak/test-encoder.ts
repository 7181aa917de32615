import { TagFeed, TagType } from "@millrace/media/flv";
import type { Clock, Publisher, Registry } from "../core/index.ts";
import { RtmpSession } from "../rtmp/session.ts";
import { TestClient } from "../rtmp/test-client.ts";

/** Constrained Baseline 3.1. */
const sps = "6742c01fd9005005bb0110000003001000000303c8f1832480";
const pps = "68cb83cb20";
const avcConfig = hex(`17 00 000000 01 42 c0 1f ff e1 0019 ${sps} 01 0005 ${pps}`);
const aacConfig = hex("af 00 11 90");

export interface EncoderOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly stream: string;
  /** Its first timestamp. Milliseconds, wraps at 2^32. */
  readonly firstMs?: number;
  /** How much faster than ours its clock goes. Parts per million. */
  readonly drift?: number;
}

/** An encoder that publishes over RTMP, byte for byte, without a socket. */
export class TestEncoder {
  readonly #options: Required<EncoderOptions>;
  readonly #client = new TestClient();
  readonly #session = new RtmpSession({ random: (bytes) => new Uint8Array(bytes).fill(5) });
  readonly #startUs: number;
  #feed: TagFeed | undefined;
  #publisher: Publisher | undefined;

  /** Connects and publishes. */
  constructor(options: EncoderOptions) {
    this.#options = { firstMs: 0, drift: 0, ...options };
    this.#startUs = options.clock.nowUs();
    const { stream } = options;
    this.#client.greet();
    this.#pump();
    this.#client
      .setChunkSize(65_536)
      .connect()
      .publish(stream.slice(stream.indexOf("/") + 1));
    this.#pump();
    this.#send(TagType.video, avcConfig);
    this.#send(TagType.audio, aacConfig);
  }

  get publisher(): Publisher {
    if (this.#publisher === undefined) throw new Error("the encoder was not let in");
    return this.#publisher;
  }

  /** The time of what is sent now, on its own clock. Milliseconds; does not wrap. */
  get timeMs(): number {
    const { clock, drift, firstMs } = this.#options;
    const runMs = (clock.nowUs() - this.#startUs) / 1000;
    return Math.round(firstMs + runMs * (1 + drift / 1e6));
  }

  /** Sends a picture of so many bytes now. */
  picture(key: boolean, bytes: number): void {
    const body = new Uint8Array(9 + bytes).fill(0x55);
    body.set([key ? 0x17 : 0x27, 1, 0, 0, 0]);
    new DataView(body.buffer).setUint32(5, bytes);
    body[9] = key ? 0x65 : 0x41;
    this.#send(TagType.video, body);
  }

  /** Sends one frame of sound now. */
  sound(bytes: number): void {
    const body = new Uint8Array(2 + bytes).fill(0x33);
    body.set([0xaf, 1]);
    this.#send(TagType.audio, body);
  }

  /** Its connection is gone. */
  stop(): void {
    this.#publisher?.close("PEER_CLOSED");
  }

  #send(type: number, body: Uint8Array): void {
    this.#client.tag(type, this.timeMs, body);
    this.#pump();
  }

  /** Carries bytes to and fro until nobody has any. */
  #pump(): void {
    const { clock } = this.#options;
    for (;;) {
      const bytes = this.#client.take();
      if (bytes.length > 0) this.#session.receive(bytes, clock.nowUs() / 1000);
      for (let event = this.#session.next(); event !== undefined; event = this.#session.next()) {
        if (event.type === "tag") this.#feed?.tag(event.tagType, event.timestampMs, event.body);
        else if (event.type === "connect") this.#session.accept();
        else if (event.type === "publish") this.#publish();
      }
      const answer = this.#session.takeOutput();
      for (const part of answer) this.#client.receive(Uint8Array.from(part));
      // Acknowledgements and the like.
      this.#client.messages.length = 0;
      if (answer.length === 0 && bytes.length === 0) return;
    }
  }

  #publish(): void {
    const { registry, stream } = this.#options;
    this.#publisher = registry.publish({
      stream,
      transport: "rtmp",
      address: "192.0.2.1",
      onKick: () => this.stop(),
    });
    this.#feed = new TagFeed(this.#publisher);
    this.#session.accept();
  }
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}
