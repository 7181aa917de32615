import type { IncomingMessage, ServerResponse } from "node:http";
import {
  AddressRate,
  CookieGate,
  type OriginPolicy,
  type ProxyTrust,
  TokenBucket,
} from "@millrace/signaling/gate";
import { type Clock, RefusedError, type Registry } from "../core/index.ts";
import { type Beacon, parseBeacon, type Report, withinSeconds } from "./beacon.ts";
import { type Experience, Experiences } from "./experiences.ts";
import { type BeaconLimits, defaultBeaconLimits } from "./limits.ts";
import { keyOf, Presence } from "./presence.ts";
import { readBody } from "./read-body.ts";

/** What one report adds to the figures of all viewers. */
export interface PlayerReport extends Omit<Report, "firstFrameMs" | "latencyMs"> {
  readonly firstFrameSeconds: number | undefined;
  /** Not negative. */
  readonly latencySeconds: number | undefined;
}

/** Is told what viewers experience. Implemented by `metrics/`. */
export interface ExperienceObserver {
  told(report: PlayerReport): void;
  /** What became of a beacon: `taken`, `absent` (no such viewer), `limited` or `invalid`. */
  counted(result: "taken" | "absent" | "limited" | "invalid"): void;
}

export interface BeaconOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly trust: ProxyTrust;
  readonly origins: OriginPolicy;
  readonly observer: ExperienceObserver;
  readonly limits?: Partial<BeaconLimits>;
}

const path = "/api/v1/beacons";

/** Takes what players tell of what their viewers see, from those who watch. */
export class BeaconDesk {
  readonly #options: BeaconOptions;
  readonly #limits: BeaconLimits;
  readonly #cookies: CookieGate;
  readonly #presence: Presence;
  readonly #experiences: Experiences;
  readonly #addresses: AddressRate;
  readonly #inAll: TokenBucket;
  readonly #viewers: AddressRate;
  readonly #stopWatching: () => void;

  constructor(options: BeaconOptions) {
    const { registry, clock, origins, trust } = options;
    const limits = { ...defaultBeaconLimits, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#cookies = new CookieGate(origins, trust);
    this.#presence = new Presence(clock, limits);
    this.#experiences = new Experiences(clock, limits);
    this.#addresses = new AddressRate(limits.perAddress, limits.maxAddresses);
    this.#inAll = new TokenBucket(limits.inAll, clock.nowUs());
    this.#viewers = new AddressRate(limits.perViewer, limits.maxExperiences);
    this.#stopWatching = registry.watch(this.#presence);
  }

  /**
   * Answers `POST /api/v1/beacons` and gives true, or gives false because the request is somebody else's. Needs no
   * `this`. Rejects with RefusedError.
   */
  readonly handle = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> => {
    if (request.method !== "POST" || request.url?.split("?", 1)[0] !== path) return false;
    const { observer, origins } = this.#options;
    try {
      if (!origins.allows(request)) {
        throw new RefusedError("ORIGIN_FORBIDDEN", 403, "Pages of that origin may not do this.");
      }
      this.#admit(request);
      const beacon = parseBeacon(await readBody(request, this.#options.clock, this.#limits));
      // Whether somebody watches is nobody else's business: the answer is the same.
      observer.counted(this.#take(request, beacon));
    } catch (error) {
      // What is left of the body is not read.
      if (!request.complete) response.setHeader("Connection", "close");
      const isLimit = error instanceof RefusedError && error.status === 429;
      observer.counted(isLimit ? "limited" : "invalid");
      throw error;
    }
    if (!response.destroyed) response.writeHead(204, { "Cache-Control": "no-store" }).end();
    return true;
  };

  /** What that client told last of that stream; undefined when that is too long ago. */
  experienceOf(stream: string, client: string): Experience | undefined {
    return this.#experiences.of(stream, client);
  }

  /** May be called twice. */
  close(): void {
    this.#stopWatching();
  }

  #admit(request: IncomingMessage): void {
    const { clock, trust } = this.#options;
    const nowUs = clock.nowUs();
    const isFree = this.#addresses.take(trust.clientAddress(request), nowUs) === 0;
    if (!isFree || !this.#inAll.take(nowUs)) {
      throw new RefusedError("RATE_LIMITED", 429, "Too many requests.");
    }
  }

  #take(request: IncomingMessage, beacon: Beacon): "taken" | "absent" | "limited" {
    const { stream, session, reports } = beacon;
    const named = [this.#cookies.clientId(request), beacon.client];
    const client = named.find((id) => id !== undefined && this.#presence.has(stream, id));
    if (client === undefined) return "absent";
    const { clock, observer } = this.#options;
    if (this.#viewers.take(keyOf(stream, client), clock.nowUs()) > 0) return "limited";
    for (const told of reports) {
      const report = withinSeconds(told, this.#experiences.spareSeconds(stream, client));
      const { firstFrameMs, latencyMs, path: icePath, ...rest } = report;
      const isNewPath = icePath !== this.#experiences.of(stream, client)?.path;
      this.#experiences.add(stream, client, session, report);
      observer.told({
        ...rest,
        path: isNewPath ? icePath : undefined,
        firstFrameSeconds: firstFrameMs === undefined ? undefined : firstFrameMs / 1000,
        latencySeconds: latencyMs === undefined ? undefined : Math.max(0, latencyMs) / 1000,
      });
    }
    return "taken";
  }
}
