import type { LayerPreference } from "@millrace/signaling/session";
import type { LatencySample } from "../latency.ts";
import type { StatsSample, TrackSample } from "../stats.ts";
import type {
  Transport,
  TransportCapabilities,
  TransportEvents,
  TransportName,
  TransportOptions,
  TransportSurface,
} from "../transports/transport.ts";
import { videoCapabilities } from "../transports/transport.ts";
import type { Stages } from "./stages.ts";

/** A transport for tests that does nothing by itself; what is asked of it is written down. */
export class FakeTransport implements Transport {
  name: TransportName;
  capabilities: TransportCapabilities;
  readonly calls: string[] = [];
  readonly preferences: LayerPreference[] = [];
  readonly events: TransportEvents;
  readonly options: TransportOptions;
  surface: TransportSurface | undefined;
  /** What `sample` gives next. */
  next: StatsSample | undefined;

  constructor(events: TransportEvents, options: TransportOptions) {
    this.events = events;
    this.options = options;
    this.name = options.name;
    this.capabilities =
      options.name === "mjpeg" ? { surface: "image", sound: false } : videoCapabilities;
  }

  open(): void {
    this.calls.push("open");
  }

  join(surface: TransportSurface): void {
    this.surface = surface;
    this.calls.push("join");
  }

  leave(): void {
    this.calls.push("leave");
  }

  close(): void {
    this.calls.push("close");
  }

  prefer(preference: LayerPreference): void {
    this.preferences.push(preference);
  }

  frame(): LatencySample {
    return { latencyMs: 42, medianMs: 40 };
  }

  async sample(): Promise<StatsSample | undefined> {
    return this.next;
  }
}

/** A count of decoded frames and lost packets, as of one moment. */
export function fakeSample(atMs: number, framesDecoded: number, lost = 0): StatsSample {
  const video = {
    framesDecoded,
    lost,
    packets: framesDecoded * 10,
    bytes: framesDecoded * 1000,
  } as TrackSample;
  return { atMs, video, audio: undefined, rttMs: 3, path: undefined };
}

/** Two places, written down in `log` by their numbers. Fails when a third one is taken. */
export class FakeStages implements Stages {
  readonly log: string[];
  readonly places: readonly TransportSurface[] = [0, 1].map(
    (index) => ({ video: { index }, image: { index } }) as unknown as TransportSurface,
  );
  readonly #lent = new Set<TransportSurface>();
  #front: TransportSurface | undefined = this.places[0];

  constructor(log: string[]) {
    this.log = log;
  }

  get lent(): number {
    return this.#lent.size;
  }

  take(): TransportSurface {
    const order = this.#front === this.places[0] ? this.places : this.places.toReversed();
    const place = order.find((each) => !this.#lent.has(each));
    if (place === undefined) throw new Error("A third place was asked for.");
    this.#lent.add(place);
    return place;
  }

  attach(place: TransportSurface): void {
    this.log.push(`attach ${this.#number(place)}`);
  }

  show(place: TransportSurface, drawn: "video" | "image"): void {
    this.#front = place;
    this.log.push(`show ${this.#number(place)} ${drawn}`);
  }

  keep(place: TransportSurface): void {
    if (place === this.#front) this.log.push(`keep ${this.#number(place)}`);
  }

  free(place: TransportSurface): void {
    this.#lent.delete(place);
    this.log.push(`free ${this.#number(place)}`);
  }

  #number(place: TransportSurface): number {
    return this.places.indexOf(place);
  }
}
