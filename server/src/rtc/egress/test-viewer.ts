import { type H264AccessUnit, H264Depacketizer } from "@millrace/media/rtp";
import type { SrtpProfile } from "../peer.ts";
import type { DatagramPort } from "./core.ts";
import { MediaSender } from "./media-sender.ts";
import { defaultPacerLimits, type PacerLimits } from "./pacer-limits.ts";
import type { OutputSink } from "./rtp-output.ts";
import type { StreamOutput } from "./stream-output.ts";
import {
  type Camera,
  type Received,
  TestReceiver,
  TestStream,
  testKeys,
  videoMedia,
} from "./test-rig.ts";
import { VideoPacer } from "./video-pacer.ts";

/** One viewer of a test stream: pacer, sender and the far end. */
export class TestViewer implements OutputSink {
  readonly receiver: TestReceiver;
  readonly sender: MediaSender;
  readonly pacer: VideoPacer;
  readonly #stream: TestStream;
  readonly #output: StreamOutput;

  constructor(
    stream: TestStream,
    output: StreamOutput,
    options: {
      limits?: Partial<PacerLimits>;
      profile?: SrtpProfile;
      rtx?: boolean;
      sequence?: number;
      /** Puts a link between the sender and the far end. */
      through?: (far: TestReceiver) => DatagramPort;
    } = {},
  ) {
    const keys = testKeys(options.profile);
    this.#stream = stream;
    this.#output = output;
    this.receiver = new TestReceiver(stream.clock, keys);
    const port = options.through?.(this.receiver) ?? this.receiver;
    const link = stream.core.open(keys, port);
    const media = options.rtx === false ? videoMedia({ rtx: undefined }) : videoMedia();
    this.sender = new MediaSender(media, link, {
      sequence: options.sequence ?? 100,
      rtxSequence: 7,
      rtpTime: 4_294_960_000,
    });
    this.pacer = new VideoPacer({
      output: output.video,
      sender: this.sender,
      driver: stream.driver,
      limits: { ...defaultPacerLimits, ...options.limits },
      nowUs: stream.clock.nowUs(),
      onFailed: (error) => this.failed(error),
    });
    output.video.add(this);
    this.pacer.start(stream.clock.nowUs());
  }

  frame(frame: Parameters<OutputSink["frame"]>[0]): void {
    this.pacer.frameAdded(frame, this.#stream.clock.nowUs());
  }

  grown(): void {
    this.pacer.frameGrown(this.#stream.clock.nowUs());
  }

  sourceChanged(): void {
    this.pacer.start(this.#stream.clock.nowUs());
  }

  failed(error: unknown): void {
    throw error;
  }

  get packets(): Received[] {
    return this.receiver.of(0x1111);
  }

  get resent(): Received[] {
    return this.receiver.of(0x2222);
  }

  nack(sequences: number[], roundTripUs = 0): void {
    this.pacer.missing(sequences, roundTripUs, this.#stream.clock.nowUs());
  }

  close(): void {
    this.#output.video.remove(this);
    this.pacer.close();
  }
}

/** A stream that has run for `ageMs`, and a viewer who joins it now. */
export function join(
  camera: Camera,
  ageMs: number,
  limits: Partial<PacerLimits> = {},
): { stream: TestStream; output: StreamOutput; viewer: TestViewer } {
  const stream = new TestStream(camera);
  stream.run(ageMs);
  const output = stream.openOutput();
  const viewer = new TestViewer(stream, output, { limits });
  return { stream, output, viewer };
}

/** The access units that the packets make, in order. */
export function accessUnits(packets: readonly Received[]): H264AccessUnit[] {
  const depacketizer = new H264Depacketizer();
  const units: H264AccessUnit[] = [];
  for (const packet of packets) {
    depacketizer.push(packet);
    for (let unit = depacketizer.shift(); unit; unit = depacketizer.shift()) units.push(unit);
  }
  return units;
}

/** 0 when sequence numbers count by one and timestamps rise with every frame and only there. */
export function continuityFaults(packets: readonly Received[]): number {
  let faults = packets.length === 0 ? 1 : 0;
  for (let i = 1; i < packets.length; i++) {
    const before = packets[i - 1] as Received;
    const packet = packets[i] as Received;
    const step = (packet.timestamp - before.timestamp) | 0;
    if (packet.extendedSequence !== before.extendedSequence + 1) faults++;
    if (before.marker ? step <= 0 : step !== 0) faults++;
  }
  return faults;
}
