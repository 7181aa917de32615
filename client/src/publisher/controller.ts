import type { StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../player/address.ts";
import type { Scheduler } from "../player/scheduler.ts";
import { PublisherMachine } from "./machine.ts";
import type { SendSample } from "./send-stats.ts";
import { type SendStats, sendStatsBetween } from "./send-stats-delta.ts";
import type { PublisherCommand, PublisherInput, PublisherLimits, PublisherState } from "./state.ts";
import { noMedia, type SentMedia, type Uplink, type UplinkFactory } from "./transports/uplink.ts";

/** How often the browser's counters are read while something is sent. */
export const sampleMs = 1000;

/** What the publisher tells its view. */
export interface ControllerEvents {
  state(to: PublisherState, from: PublisherState): void;
  status(status: StreamStatus): void;
  /** Once a second while live. */
  stats(stats: SendStats): void;
}

export interface ControllerOptions {
  readonly scheduler: Scheduler;
  readonly createUplink: UplinkFactory;
  readonly events: ControllerEvents;
  readonly random?: () => number;
  readonly limits?: Partial<PublisherLimits>;
}

/** Publishes to one address: runs the machine's commands on an uplink and feeds it with what happens. */
export class PublisherController {
  readonly #options: ControllerOptions;
  readonly #machine: PublisherMachine;
  #address: StreamAddress | undefined;
  #uplink: Uplink | undefined;
  #media: SentMedia = noMedia;
  #inputs: PublisherInput[] | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelSampling: (() => void) | undefined;
  #last: SendSample | undefined;
  #status: StreamStatus | undefined;
  #stats: SendStats | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#machine = new PublisherMachine({
      ...(options.random && { random: options.random }),
      ...(options.limits && { limits: options.limits }),
    });
  }

  get state(): PublisherState {
    return this.#machine.state;
  }

  /** Sending, or trying to by itself. */
  get active(): boolean {
    const { type } = this.state;
    return type === "connecting" || type === "live" || type === "reconnecting";
  }

  /** The stream as the server told it last; undefined while nothing is sent. */
  get status(): StreamStatus | undefined {
    return this.#status;
  }

  /** Figures of the last second; undefined while not live. */
  get stats(): SendStats | undefined {
    return this.#stats;
  }

  /** Where the next `publish` goes to. */
  setAddress(address: StreamAddress | undefined): void {
    this.#address = address;
  }

  /** Sends this from now on; tracks stay their owner's. */
  setMedia(media: SentMedia): void {
    this.#media = media;
    this.#uplink?.setMedia(media);
  }

  /** Without effect while that is so already. `takeOver`: whoever publishes the stream gives way. */
  publish(takeOver: boolean): void {
    this.#feed({ type: "publish", takeOver });
  }

  stop(): void {
    this.#feed({ type: "stop" });
  }

  /** Ends everything. May be called twice. */
  close(): void {
    this.stop();
  }

  #feed(input: PublisherInput): void {
    // Inputs that come while another is worked on wait, so that commands keep their order.
    if (this.#inputs !== undefined) {
      this.#inputs.push(input);
      return;
    }
    this.#inputs = [input];
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const command of this.#machine.handle(next, this.#options.scheduler.nowMs())) {
          this.#run(command);
        }
      }
    } finally {
      this.#inputs = undefined;
    }
    this.#schedule();
  }

  #run(command: PublisherCommand): void {
    switch (command.type) {
      case "open":
        this.#open();
        break;
      case "begin":
        this.#last = undefined;
        this.#uplink?.begin(command.takeOver);
        break;
      case "leave":
        this.#last = undefined;
        this.#uplink?.leave();
        break;
      case "close":
        this.#close();
        break;
      case "state":
        if (command.to.type !== "live") this.#stats = undefined;
        this.#options.events.state(command.to, command.from);
        break;
    }
  }

  #open(): void {
    const address = this.#address;
    if (address === undefined) {
      this.#feed({ type: "failed", code: "SRC_INVALID", message: "" });
      return;
    }
    let uplink: Uplink | undefined;
    /** Only the uplink of now is heard. */
    const heard = (input: PublisherInput) => {
      if (uplink === this.#uplink) this.#feed(input);
    };
    try {
      uplink = this.#options.createUplink(address, {
        link: (up) => heard({ type: "link", up }),
        status: (status) => {
          if (uplink !== this.#uplink) return;
          this.#status = status;
          this.#options.events.status(status);
        },
        connected: () => heard({ type: "connected" }),
        interrupted: () => heard({ type: "interrupted" }),
        failed: (code, message) => heard({ type: "failed", code, message }),
        lost: () => heard({ type: "lost" }),
      });
    } catch {
      this.#feed({ type: "failed", code: "WEBRTC_UNSUPPORTED", message: "" });
      return;
    }
    this.#uplink = uplink;
    uplink.setMedia(this.#media);
    uplink.open();
    this.#sampleLater();
  }

  #close(): void {
    const uplink = this.#uplink;
    this.#uplink = undefined;
    uplink?.close();
    this.#cancelSampling?.();
    this.#cancelSampling = undefined;
    this.#last = undefined;
    this.#status = undefined;
  }

  #sampleLater(): void {
    const uplink = this.#uplink;
    this.#cancelSampling = this.#options.scheduler.after(sampleMs, () => {
      void this.#sample().finally(() => {
        if (uplink === this.#uplink) this.#sampleLater();
      });
    });
  }

  async #sample(): Promise<void> {
    const uplink = this.#uplink;
    const next = await uplink?.sample().catch(() => undefined);
    if (next === undefined || uplink !== this.#uplink || this.state.type !== "live") return;
    const stats = sendStatsBetween(this.#last, next);
    this.#last = next;
    this.#stats = stats;
    this.#options.events.stats(stats);
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const dueMs = this.#machine.deadlineMs;
    if (dueMs === undefined) return;
    const delayMs = Math.max(0, dueMs - this.#options.scheduler.nowMs());
    this.#cancelTimer = this.#options.scheduler.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#feed({ type: "time" });
    });
  }
}
