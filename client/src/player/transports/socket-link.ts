import { type ClientLease, SharedClients } from "@millrace/signaling/client";
import type { StreamAddress } from "../address.ts";
import { clientIdFor } from "../client-id.ts";
import type {
  SignalingEvents,
  SignalingLink,
  WatchEvents,
  WatchSession,
} from "./signaling-link.ts";

/** The server forgot the session while the way was down; what it sent last may still be on the way. */
const lostReasons: ReadonlySet<string> = new Set(["SESSION_NOT_FOUND", "SIGNALING_LOST"]);

/** The connections of all players of the page. Viewers look at a standing picture meanwhile: they ask often. */
const clients = new SharedClients({ client: { reconnectMaxMs: 5000 } });

/** The way to the server over socket.io, shared with others of the page. The client below it reconnects by itself. */
export class SocketLink implements SignalingLink {
  readonly #address: StreamAddress;
  readonly #events: SignalingEvents;
  readonly #watches: boolean;
  readonly #stops: (() => void)[] = [];
  #lease: ClientLease | undefined;
  #up = false;

  /** `watches`: whether `watch` will be called. */
  constructor(address: StreamAddress, events: SignalingEvents, watches: boolean) {
    this.#address = address;
    this.#events = events;
    this.#watches = watches;
  }

  open(): void {
    const { base, token } = this.#address;
    const lease = clients.lease({
      url: base,
      token,
      watches: this.#watches,
      client: clientIdFor(base),
    });
    this.#lease = lease;
    // Others may know everything already; nothing is told from inside this call.
    queueMicrotask(() => this.#listen(lease));
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#lease?.release();
    this.#lease = undefined;
  }

  async watch(events: WatchEvents): Promise<WatchSession> {
    const client = this.#lease?.client;
    if (client === undefined) throw new Error("The way to the server is not open.");
    const session = await client.watch(this.#address.stream);
    session.on("stream", (status) => events.status(status));
    session.on("layer", (rid) => events.layer(rid));
    session.on("renegotiate", () => events.renegotiate());
    session.on("bye", ({ reason }) => {
      if (lostReasons.has(reason)) events.lost();
      else events.bye(reason);
    });
    queueMicrotask(() => events.status(session.status));
    return {
      iceServers: session.iceServers,
      async describe(sdp) {
        const answer = await session.describe({ type: "offer", sdp });
        if (answer?.type !== "answer") throw new Error("The server gave no answer.");
        return answer.sdp;
      },
      candidate(candidate) {
        const { candidate: line, ...place } = candidate ?? {};
        const message = line === undefined ? null : { ...place, candidate: line };
        // The answer has all of the server's candidates: one of ours that is refused costs nothing.
        session.candidate(message).catch(() => {});
      },
      prefer: (preference) => session.prefer(preference),
      close: () => session.leave(),
    };
  }

  serverWallMs(atMs: number): number | undefined {
    const clock = this.#lease?.client.clock;
    return clock && performance.timeOrigin + atMs + clock.offsetMs;
  }

  #listen(lease: ClientLease): void {
    if (lease !== this.#lease) return;
    const { client } = lease;
    this.#stops.push(client.on("state", (state) => this.#linkIs(state === "connected")));
    this.#linkIs(client.state === "connected");
    if (lease !== this.#lease) return;
    const told: SignalingEvents["stream"] = (status) => this.#events.stream(status);
    this.#stops.push(client.observe(this.#address.stream, { status: told }));
  }

  #linkIs(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    this.#events.link(up);
  }
}
