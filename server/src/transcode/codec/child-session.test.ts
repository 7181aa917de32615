import { describe, expect, it } from "vitest";
import { audioInfo } from "../../core/test-frames.ts";
import {
  type FrameMessage,
  type Message,
  MessageType,
  type OpenRequest,
  trackRequest,
  writeConfigure,
  writeEmpty,
  writeFrame,
  writeJson,
} from "../process/message.ts";
import { parseAck, parseFailure } from "../process/message-body.ts";
import { MessageReader } from "../process/message-reader.ts";
import { ChildSession } from "./child-session.ts";
import { CodecError, type CodecJob } from "./codec-job.ts";

class FakeJob implements CodecJob {
  decodeErrors = 0;
  readonly skippedFrames = 0;
  readonly frames: { readonly frame: FrameMessage; readonly lagUs: number }[] = [];
  closed = 0;
  configured = 0;
  failing: Error | undefined;

  async configure(): Promise<void> {
    this.configured++;
  }

  async frame(frame: FrameMessage, lagUs: number): Promise<void> {
    await Promise.resolve();
    if (this.failing) throw this.failing;
    this.frames.push({ frame, lagUs });
  }

  checkpoint(): Uint8Array {
    return Uint8Array.of(this.frames.length);
  }

  close(): void {
    this.closed++;
  }
}

const open: OpenRequest = {
  source: trackRequest(audioInfo()),
  target: "opus",
  resumeAfterUs: null,
  checkpoint: "",
  opusBitrateBps: 1,
  aacBitrateBps: 1,
  maxSilenceMs: 1,
  maxPixels: 1,
  maxVideoLagMs: 1,
  maxJpegWidth: 1,
  maxJpegPerSecond: 1,
};
const frame = (job: number, seq: number, us: number): Uint8Array =>
  writeFrame(job, seq, { ptsUs: us, dtsUs: us, key: true, payload: [Uint8Array.of(1)] }, false);

class Harness {
  readonly jobs: FakeJob[] = [];
  readonly answers: Message[] = [];
  readonly session: ChildSession;
  readonly #reader = new MessageReader(1000);
  #more: (() => void) | undefined;

  constructor(refuse?: Error) {
    this.session = new ChildSession(
      async () => {
        if (refuse) throw refuse;
        const job = new FakeJob();
        this.jobs.push(job);
        return job;
      },
      (bytes) => {
        this.#reader.receive(bytes);
        for (let next = this.#reader.next(); next; next = this.#reader.next()) {
          this.answers.push(next);
        }
        this.#more?.();
      },
      1000,
    );
  }

  send(...messages: Uint8Array[]): void {
    this.session.receive(new Uint8Array(Buffer.concat(messages)));
  }

  async acknowledged(count: number): Promise<number[][]> {
    const acks = (): Message[] => this.answers.filter(({ type }) => type === MessageType.ack);
    while (acks().length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
    return acks().map(({ job, body }) => [job, parseAck(body).seq]);
  }
}

describe("ChildSession", () => {
  it("acknowledges everything in order, with the state after it", async () => {
    const harness = new Harness();
    harness.send(writeJson(MessageType.open, 1, open), frame(1, 1, 0), frame(1, 2, 500));
    harness.send(writeConfigure(1, 3, open.source), frame(1, 4, 2000));
    expect(await harness.acknowledged(5)).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
    const [job] = harness.jobs;
    expect(job?.configured).toBe(1);
    expect(job?.frames.map(({ lagUs }) => lagUs)).toEqual([2000, 1500, 0]);
    const last = parseAck(harness.answers.at(-1)?.body ?? new Uint8Array(0));
    expect(last.checkpoint).toEqual(Uint8Array.of(3));
  });

  it("does no work for a closed job but acknowledges it, and closes it once", async () => {
    const harness = new Harness();
    harness.send(writeJson(MessageType.open, 1, open));
    await harness.acknowledged(1);
    harness.send(frame(1, 1, 0), frame(1, 2, 0), writeEmpty(MessageType.close, 1));
    harness.send(frame(1, 3, 0), writeJson(MessageType.open, 2, open));
    expect(await harness.acknowledged(5)).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 0],
    ]);
    expect(harness.jobs.map((job) => [job.frames.length, job.closed])).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  it("reports a job that fails, closes it, and goes on with the others", async () => {
    const harness = new Harness();
    harness.send(writeJson(MessageType.open, 1, open), writeJson(MessageType.open, 2, open));
    await harness.acknowledged(2);
    (harness.jobs[0] as FakeJob).failing = new Error("boom");
    harness.send(frame(1, 1, 0), frame(2, 1, 0), frame(1, 2, 0));
    await harness.acknowledged(5);
    const failed = harness.answers.filter(({ type }) => type === MessageType.failed);
    expect(failed.map(({ job, body }) => [job, parseFailure(body)])).toEqual([
      [1, { code: "TRANSCODE_FAILED", message: "boom" }],
    ]);
    expect(harness.jobs.map((job) => [job.frames.length, job.closed])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it("reports a job that cannot be opened with its code", async () => {
    const harness = new Harness(new CodecError("CODEC_CONFIG_INVALID", "no"));
    harness.send(writeJson(MessageType.open, 1, open));
    await harness.acknowledged(1);
    const [failed] = harness.answers;
    expect(parseFailure(failed?.body ?? new Uint8Array(0)).code).toBe("CODEC_CONFIG_INVALID");
  });
});
