import {
  type AckMessage,
  type Message,
  MessageType,
  openSeq,
  writeAck,
  writeJson,
  writePacket,
} from "../process/message.ts";
import { parseConfigure, parseFrame, parseOpen } from "../process/message-body.ts";
import { MessageReader } from "../process/message-reader.ts";
import { CodecError, type CodecJob, type JobOutput, type OpenJob } from "./codec-job.ts";

/** How long it works before it looks for new messages. */
const sliceMs = 5;

interface RunningJob {
  codec: CodecJob | undefined;
  closed: boolean;
  /** Decoding time of the newest frame that came, done or not. */
  newestUs: number;
}

/** The inside of a codec process: does one message after the other and acknowledges each. */
export class ChildSession {
  readonly #open: OpenJob;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #reader: MessageReader;
  readonly #jobs = new Map<number, RunningJob>();
  #inbox: { readonly message: Message; readonly job: RunningJob }[] = [];
  #working = false;

  /** `send` must not keep its order from being the order of calls. */
  constructor(open: OpenJob, send: (bytes: Uint8Array) => void, maxMessageBytes: number) {
    this.#open = open;
    this.#send = send;
    this.#reader = new MessageReader(maxMessageBytes);
  }

  /** @throws ProtocolError when the gateway's bytes are wrong. */
  receive(bytes: Uint8Array): void {
    this.#reader.receive(bytes);
    for (let message = this.#reader.next(); message; message = this.#reader.next()) {
      this.#note(message);
    }
    if (!this.#working) void this.#work();
  }

  /** Looks ahead in what is still to be done, so that a closed job costs no more work. */
  #note(message: Message): void {
    if (message.type === MessageType.close) {
      const job = this.#jobs.get(message.job);
      if (job === undefined) return;
      this.#jobs.delete(message.job);
      job.closed = true;
      this.#inbox.push({ message, job });
      return;
    }
    const job = this.#jobs.get(message.job) ?? {
      codec: undefined,
      closed: message.type !== MessageType.open,
      newestUs: Number.NEGATIVE_INFINITY,
    };
    if (message.type === MessageType.open) this.#jobs.set(message.job, job);
    if (message.type === MessageType.frame) {
      job.newestUs = Math.max(job.newestUs, parseFrame(message.body).dtsUs);
    }
    this.#inbox.push({ message, job });
  }

  async #work(): Promise<void> {
    this.#working = true;
    let sliceEndMs = performance.now() + sliceMs;
    for (let at = 0; ; at++) {
      const item = this.#inbox[at];
      if (item === undefined) break;
      await this.#perform(item.message, item.job);
      if (at === 64) {
        this.#inbox = this.#inbox.slice(at + 1);
        at = -1;
      }
      if (performance.now() < sliceEndMs) continue;
      // Lets new messages in.
      await new Promise(setImmediate);
      sliceEndMs = performance.now() + sliceMs;
    }
    this.#inbox = [];
    this.#working = false;
  }

  async #perform(message: Message, job: RunningJob): Promise<void> {
    const { body } = message;
    switch (message.type) {
      case MessageType.open:
        await this.#attempt(message.job, job, async () => {
          job.codec = await this.#open(parseOpen(body), this.#outputOf(message.job));
        });
        this.#acknowledge(message.job, openSeq, job.codec);
        break;
      case MessageType.configure: {
        const { seq, request } = parseConfigure(body);
        await this.#attempt(message.job, job, async () => job.codec?.configure(request));
        this.#acknowledge(message.job, seq, job.codec);
        break;
      }
      case MessageType.frame: {
        const frame = parseFrame(body);
        await this.#attempt(message.job, job, async () =>
          job.codec?.frame(frame, job.newestUs - frame.dtsUs),
        );
        this.#acknowledge(message.job, frame.seq, job.codec);
        break;
      }
      default:
        job.codec?.close();
        job.codec = undefined;
    }
  }

  async #attempt(id: number, job: RunningJob, work: () => Promise<void>): Promise<void> {
    if (job.closed) return;
    try {
      await work();
    } catch (error) {
      job.codec?.close();
      job.codec = undefined;
      const code = error instanceof CodecError ? error.code : "TRANSCODE_FAILED";
      const message = error instanceof Error ? error.message : String(error);
      this.#send(writeJson(MessageType.failed, id, { code, message }));
    }
  }

  #acknowledge(id: number, seq: number, codec: CodecJob | undefined): void {
    const ack: AckMessage = {
      seq,
      decodeErrors: codec?.decodeErrors ?? 0,
      skippedFrames: codec?.skippedFrames ?? 0,
      checkpoint: codec?.checkpoint() ?? nothing,
    };
    this.#send(writeAck(id, ack));
  }

  #outputOf(id: number): JobOutput {
    return {
      info: (info) => this.#send(writeJson(MessageType.info, id, info)),
      packet: (key, ptsUs, payload) => this.#send(writePacket(id, key, ptsUs, payload)),
    };
  }
}

const nothing = new Uint8Array(0);
