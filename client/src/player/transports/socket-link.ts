import { SignalingClient } from "@millrace/signaling/client";
import type { StreamAddress } from "../address.ts";
import type {
  SignalingEvents,
  SignalingLink,
  WatchEvents,
  WatchSession,
} from "./signaling-link.ts";

/** The server forgot the session while the way was down; what it sent last may still be on the way. */
const lostReasons: ReadonlySet<string> = new Set(["SESSION_NOT_FOUND", "SIGNALING_LOST"]);

/** Viewers look at a standing picture meanwhile: they ask more often than other clients. */
const reconnectMaxMs = 5000;

/** The way to the server over socket.io. The client below it reconnects by itself. */
export class SocketLink implements SignalingLink {
  readonly #address: StreamAddress;
  readonly #events: SignalingEvents;
  #client: SignalingClient | undefined;
  #up = false;

  constructor(address: StreamAddress, events: SignalingEvents) {
    this.#address = address;
    this.#events = events;
  }

  open(): void {
    const { base, stream, token } = this.#address;
    const client = new SignalingClient({
      url: base,
      reconnectMaxMs,
      ...(token !== undefined && { token }),
    });
    this.#client = client;
    client.on("state", (state) => this.#linkIs(state === "connected"));
    client.observe(stream, { status: (status) => this.#events.stream(status) });
    this.#linkIs(client.state === "connected");
  }

  close(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.close();
  }

  async watch(events: WatchEvents): Promise<WatchSession> {
    const client = this.#client;
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
    const clock = this.#client?.clock;
    return clock && performance.timeOrigin + atMs + clock.offsetMs;
  }

  #linkIs(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    this.#events.link(up);
  }
}
