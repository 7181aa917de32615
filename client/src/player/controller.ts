import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import { type StreamAddress, sameAddress } from "./address.ts";
import type { ControllerOptions } from "./controller-options.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import { Ladder } from "./ladder/ladder.ts";
import type { LadderCommand, LadderInput } from "./ladder/ladder-state.ts";
import { rungsFor } from "./ladder/rungs.ts";
import { ShownLayer } from "./ladder/shown-layer.ts";
import { blindStages } from "./ladder/stages.ts";
import { Switches } from "./ladder/switches.ts";
import { isWebRtc } from "./ladder/way.ts";
import { Ways, type WaysEvents } from "./ladder/ways.ts";
import { PlayerMachine } from "./machine.ts";
import { sameStatus } from "./same-status.ts";
import type { IdleReason, PlayerCommand, PlayerInput, PlayerState } from "./state.ts";
import type { MediaStats } from "./stats-delta.ts";
import type { ShownFrame, TransportName } from "./transports/transport.ts";

/** An input of the machine, or one of the ladder. */
type Input = { readonly player: PlayerInput } | { readonly ladder: LadderInput };

/**
 * Plays one address. The machine decides what the viewer is told and when to begin anew, the ladder by which transports;
 * the controller runs the commands of both and feeds them with what happens.
 */
export class PlayerController {
  readonly #options: ControllerOptions;
  readonly #machine: PlayerMachine;
  readonly #ladder: Ladder;
  readonly #ways: Ways;
  readonly #switches: Switches;
  readonly #layer: ShownLayer;
  readonly #timer: DeadlineTimer;
  #address: StreamAddress | undefined;
  #allowed: readonly TransportName[];
  #targetLatency: number | undefined;
  #inputs: Input[] | undefined;
  #status: StreamStatus | undefined;
  /** What the ladder's rungs were made of. */
  #rungsKey = "";
  /** The machine asked for a session and was not told of its first frame yet. */
  #attachDue = false;
  #preference: LayerPreference = {};

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { random, limits, ladderLimits } = options;
    this.#allowed = options.transports ?? ["webrtc"];
    this.#machine = new PlayerMachine({ ...(random && { random }), ...(limits && { limits }) });
    this.#ladder = new Ladder({
      ...(random && { random }),
      ...(ladderLimits && { limits: ladderLimits }),
    });
    this.#ways = new Ways({
      scheduler: options.scheduler,
      createTransport: options.createTransport,
      stages: options.stages ?? blindStages(),
      events: this.#waysEvents(),
      hasVideo: () => this.#status?.tracks.some((track) => track.kind === "video") ?? true,
    });
    this.#switches = new Switches((from, to, reason) => options.events.transport(from, to, reason));
    this.#layer = new ShownLayer((rid) => options.events.layer(rid));
    this.#timer = new DeadlineTimer(options.scheduler, () => {
      // The ladder first: what it finds spares the machine its own conclusions.
      this.#feed({ ladder: { type: "time" } });
      this.#feed({ player: { type: "time" } });
    });
  }

  get state(): PlayerState {
    return this.#machine.state;
  }

  /** The stream as the server told it last; undefined before. */
  get status(): StreamStatus | undefined {
    return this.#status;
  }

  /** Name of the stream to play; empty without one. */
  get streamName(): string {
    return this.#address?.stream ?? "";
  }

  get transport(): TransportName | undefined {
    return this.#switches.now;
  }

  /** Why that transport is shown: the reason of the last switch. */
  get transportReason(): string | undefined {
    return this.#switches.reason;
  }

  /** The ways that may be used, best first. */
  get transports(): readonly TransportName[] {
    return this.#allowed;
  }

  /** The layer that is shown; null: none, or there are no layers. */
  get layer(): string | null {
    return this.#layer.now;
  }

  /** Which layer suits; `rid` null is automatic. What is absent stays as it was. */
  get preference(): LayerPreference {
    return this.#preference;
  }

  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    this.#ways.prefer(preference);
  }

  /** Plays `address` (or stops, when it is undefined, with the error `SRC_INVALID` on the next play). */
  setAddress(address: StreamAddress | undefined): void {
    if (sameAddress(address, this.#address)) return;
    this.#anew(() => {
      this.#address = address;
      this.#status = undefined;
      this.#feed({ ladder: { type: "forget" } });
      // Layers of another stream have other names.
      if (this.#preference.rid) this.prefer({ rid: null });
    });
  }

  /** Limits and orders the ways; a player that uses one that is not among them any more begins anew. */
  setTransports(allowed: readonly TransportName[]): void {
    if (allowed.join() === this.#allowed.join()) return;
    const { shown } = this.#ladder;
    if (shown !== undefined && allowed.includes(shown)) {
      this.#allowed = allowed;
      this.#applyRungs();
    } else {
      this.#anew(() => {
        this.#allowed = allowed;
      });
    }
  }

  /** How far behind the live edge to play, seconds; undefined: each way's own default. */
  setTargetLatency(seconds: number | undefined): void {
    if (seconds === this.#targetLatency) return;
    const { shown } = this.#ladder;
    const apply = () => {
      this.#targetLatency = seconds;
    };
    // WebRTC plays as soon as it can, whatever the target.
    if (shown === undefined || isWebRtc(shown)) apply();
    else this.#anew(apply);
  }

  play(): void {
    this.#feed({ player: { type: "play" } });
  }

  pause(reason: IdleReason): void {
    this.#feed({ player: { type: "pause", reason } });
  }

  /** A frame is on `video`; without one, on whatever there is. */
  frame(frame: ShownFrame, video?: HTMLVideoElement): void {
    this.#ways.frame(frame, video);
  }

  /** The browser has a network (another one, maybe), or none. */
  networkIs(online: boolean): void {
    this.#feed({ ladder: { type: "network", online } });
  }

  /** Whether the page can be seen. */
  pageIs(visible: boolean): void {
    this.#feed({ ladder: { type: "visible", visible } });
  }

  /** Figures of now, with rates over the last second; undefined without a session. */
  async stats(): Promise<MediaStats | undefined> {
    const way = this.#ways.get(this.#ladder.shown);
    const stats = await way?.stats();
    return way?.rung === this.#ladder.shown ? stats : undefined;
  }

  /** Ends everything. May be called twice. */
  close(): void {
    this.pause("start");
  }

  #anew(change: () => void): void {
    const wasPlaying = this.#machine.state.type !== "idle";
    this.pause("start");
    change();
    if (wasPlaying) this.play();
  }

  #feed(input: Input): void {
    // Inputs that come while another is worked on wait, so that commands keep their order.
    if (this.#inputs !== undefined) {
      this.#inputs.push(input);
      return;
    }
    this.#inputs = [input];
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        if ("ladder" in next) this.#handLadder(next.ladder);
        else this.#handMachine(next.player);
      }
    } finally {
      this.#inputs = undefined;
    }
    this.#schedule();
  }

  #handMachine(input: PlayerInput): void {
    for (const command of this.#machine.handle(input, this.#options.scheduler.nowMs())) {
      this.#run(command);
    }
    if (input.type === "progress") this.#announce();
  }

  #handLadder(input: LadderInput): void {
    const commands = this.#ladder.handle(input, this.#options.scheduler.nowMs());
    for (const command of commands) this.#climb(command);
    if (input.type === "progress" && input.rung === this.#ladder.shown) this.#shownProgress();
    if (input.type === "link") {
      this.#feed({ player: { type: "link", up: this.#ladder.linkUp } });
    }
  }

  #shownProgress(): void {
    const joining = this.#ways.get(this.#ladder.shown)?.isJoining ?? false;
    if (this.#attachDue && !joining) {
      this.#attachDue = false;
      this.#feed({ player: { type: "attached" } });
    }
    this.#feed({ player: { type: "progress" } });
  }

  #run(command: PlayerCommand): void {
    switch (command.type) {
      case "open":
        this.#open();
        break;
      case "join":
        this.#attachDue = true;
        this.#handLadder({ type: "join" });
        break;
      case "leave":
        this.#handLadder({ type: "leave", reason: command.reason });
        this.#switches.end(command.reason);
        break;
      case "close":
        this.#handLadder({ type: "close", reason: command.reason });
        this.#ways.close();
        this.#switches.end(command.reason);
        this.#layer.update(undefined);
        break;
      case "state":
        this.#options.events.state(command.to, command.from);
        break;
    }
  }

  #climb(command: LadderCommand): void {
    if (command.type === "failed") {
      const { code, message } = command;
      this.#feed({ player: { type: "failed", code, message } });
      return;
    }
    if (command.type === "start" && command.waits) this.#feed({ player: { type: "attempt" } });
    if (command.type === "show") this.#switches.shown(command.reason);
    if (command.type === "stop") this.#layer.forget(command.rung);
    this.#ways.run(command);
    if (command.type === "show") this.#layer.update(command.rung);
  }

  #open(): void {
    if (this.#address === undefined) {
      this.#feed({ player: { type: "failed", code: "SRC_INVALID", message: "" } });
      return;
    }
    this.#ways.prepare(this.#address, this.#targetLatency);
    this.#rungsKey = "";
    const rungs = this.#newRungs();
    if (rungs !== undefined) this.#handLadder(rungs);
    this.#handLadder({ type: "open" });
  }

  #applyRungs(): void {
    const rungs = this.#newRungs();
    if (rungs !== undefined) this.#feed({ ladder: rungs });
  }

  /** Which rungs there are depends on what the stream has; undefined: the same as before. */
  #newRungs(): LadderInput | undefined {
    const { capabilities } = this.#options;
    const tracks = this.#status?.tracks ?? [];
    const any = capabilities === undefined;
    const rungs = any ? this.#allowed : rungsFor(this.#allowed, capabilities, tracks);
    const key = [...rungs, ...tracks.map((track) => track.codec)].join();
    if (key === this.#rungsKey) return undefined;
    this.#rungsKey = key;
    return { type: "rungs", rungs };
  }

  #waysEvents(): WaysEvents {
    return {
      link: (rung, up) => this.#feed({ ladder: { type: "link", rung, up } }),
      stream: (rung, status) => this.#streamIs(rung, status),
      layer: (rung, rid) => {
        this.#layer.set(rung, rid);
        this.#layer.update(this.#ladder.shown ?? rung);
      },
      media: (_rung, source) => this.#options.events.media?.(source),
      progress: (rung, fine) => this.#feed({ ladder: { type: "progress", rung, fine } }),
      latency: (rung, sample) => {
        if (rung === this.#ladder.shown) this.#options.events.latency(sample);
      },
      loss: (rung, ratio) => this.#feed({ ladder: { type: "loss", rung, ratio } }),
      failed: (rung, code, message) =>
        this.#feed({ ladder: { type: "failed", rung, code, message } }),
      lost: (rung) => {
        if (rung === this.#ladder.shown) this.#feed({ player: { type: "lost" } });
      },
    };
  }

  #streamIs(rung: TransportName, status: StreamStatus): void {
    // Signaling is told of every change; others ask now and then.
    if (!isWebRtc(rung) && this.#ways.hasSignaling) return;
    const news = !sameStatus(status, this.#status);
    this.#status = status;
    if (news) this.#options.events.stream(status);
    this.#applyRungs();
    this.#feed({ ladder: { type: "stream", state: status.state } });
    this.#feed({ player: { type: "stream", state: status.state } });
  }

  #announce(): void {
    const name = this.#ways.get(this.#ladder.shown)?.name;
    if (name !== undefined && this.#machine.state.type === "playing") this.#switches.playsBy(name);
  }

  #schedule(): void {
    const due = [this.#machine.deadlineMs, this.#ladder.deadlineMs].filter(
      (at) => at !== undefined,
    );
    this.#timer.set(due.length === 0 ? undefined : Math.min(...due));
  }
}
