import type { TransportName } from "../transports/transport.ts";
import { Ladder } from "./ladder.ts";
import type { LadderCommand, LadderInput } from "./ladder-state.ts";

/** How a rung behaves in a test from its start on; without a member it stays silent. */
export interface RungScript {
  /** First frame this long after the start, then one every `frameMs`. */
  readonly firstFrameMs?: number;
  /** Fails this long after the start, with this code. */
  readonly failMs?: number;
  readonly code?: string;
  /** Time between frames; 40 unless told. Frames of 1000 and more are told coarsely. */
  readonly frameMs?: number;
}

interface Running {
  readonly sinceMs: number;
  nextFrameMs: number;
  failAtMs: number;
  readonly frameMs: number;
}

const stepMs = 20;

/** A ladder on a fake clock whose rungs do as their scripts say. Its owner answers `failed` by `leave`. */
export class FakeRungs {
  readonly ladder: Ladder = new Ladder({ random: () => 1 });
  readonly scripts: Map<TransportName, RungScript> = new Map();
  /** Commands with the time since the last `forget`: `1000 start ws-flv`. */
  readonly log: string[] = [];
  readonly #running = new Map<TransportName, Running>();
  #nowMs = 100_000;
  #fromMs = 100_000;
  #lastFrameMs = 100_000;
  #longestGapMs = 0;

  /** Longest time without a new frame on the screen since the last `forget`. */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** Running rungs, as the ladder asked for. */
  get running(): readonly TransportName[] {
    return [...this.#running.keys()];
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Opens with `rungs`, best first. */
  open(...rungs: readonly TransportName[]): void {
    this.feed({ type: "rungs", rungs }, { type: "open" });
    this.feed({ type: "link", rung: rungs[0] ?? "webrtc", up: true });
  }

  feed(...inputs: readonly LadderInput[]): void {
    for (const input of inputs) {
      for (const command of this.ladder.handle(input, this.#nowMs)) this.#run(command);
    }
  }

  /** The frames of a running rung stop, as when its path dies. */
  freeze(rung: TransportName): void {
    const running = this.#running.get(rung);
    if (running !== undefined) running.nextFrameMs = Number.POSITIVE_INFINITY;
  }

  thaw(rung: TransportName): void {
    const running = this.#running.get(rung);
    if (running !== undefined) running.nextFrameMs = this.#nowMs;
  }

  fail(rung: TransportName, code: string): void {
    this.feed({ type: "failed", rung, code, message: "" });
  }

  /** Moves the time; frames, failures and deadlines come as they are due. */
  run(ms: number): void {
    const until = this.#nowMs + ms;
    while (this.#nowMs < until) {
      this.#nowMs = Math.min(this.#nowMs + stepMs, until);
      for (const [rung, running] of this.#running) this.#live(rung, running);
      const due = this.ladder.deadlineMs;
      if (due !== undefined && due <= this.#nowMs) this.feed({ type: "time" });
      this.#longestGapMs = Math.max(this.#longestGapMs, this.#nowMs - this.#lastFrameMs);
    }
  }

  /** The clock jumps without anything happening, as when a laptop sleeps. */
  sleep(ms: number): void {
    this.#nowMs += ms;
    for (const running of this.#running.values()) {
      if (Number.isFinite(running.nextFrameMs)) running.nextFrameMs = this.#nowMs + stepMs;
    }
    this.feed({ type: "time" });
  }

  /** Starts a new log with the clock at 0. */
  forget(): void {
    this.log.length = 0;
    this.#fromMs = this.#nowMs;
    this.#lastFrameMs = this.#nowMs;
    this.#longestGapMs = 0;
  }

  #live(rung: TransportName, running: Running): void {
    if (this.#nowMs >= running.failAtMs) {
      running.failAtMs = Number.POSITIVE_INFINITY;
      running.nextFrameMs = Number.POSITIVE_INFINITY;
      this.fail(rung, this.scripts.get(rung)?.code ?? "CONNECTION_LOST");
      return;
    }
    if (this.#nowMs < running.nextFrameMs) return;
    running.nextFrameMs += running.frameMs;
    this.feed({ type: "progress", rung, fine: running.frameMs < 1000 });
    if (this.ladder.shown === rung) this.#lastFrameMs = this.#nowMs;
  }

  #run(command: LadderCommand): void {
    const at = Math.round(this.#nowMs - this.#fromMs);
    switch (command.type) {
      case "start":
        this.log.push(`${at} start ${command.rung}`);
        this.#start(command.rung);
        break;
      case "rejoin":
        this.log.push(`${at} rejoin ${command.rung}`);
        break;
      case "show":
        this.log.push(`${at} show ${command.rung}: ${command.reason}`);
        break;
      case "stop":
        this.log.push(`${at} stop ${command.rung}: ${command.reason}`);
        this.#running.delete(command.rung);
        break;
      case "failed":
        this.log.push(`${at} failed ${command.code}`);
        this.feed({ type: "leave", reason: command.code });
        break;
    }
  }

  #start(rung: TransportName): void {
    const script = this.scripts.get(rung) ?? {};
    this.#running.set(rung, {
      sinceMs: this.#nowMs,
      nextFrameMs: this.#nowMs + (script.firstFrameMs ?? Number.POSITIVE_INFINITY),
      failAtMs: this.#nowMs + (script.failMs ?? Number.POSITIVE_INFINITY),
      frameMs: script.frameMs ?? 40,
    });
  }
}
