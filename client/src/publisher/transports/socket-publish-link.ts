import { negotiatePublish, SignalingClient } from "@millrace/signaling/client";
import type { StreamAddress } from "../../player/address.ts";
import type {
  PublishEvents,
  PublishGrant,
  PublishLink,
  PublishLinkEvents,
} from "./publish-link.ts";

/** The server forgot the session while the way was down. */
const lostReasons: ReadonlySet<string> = new Set(["SESSION_NOT_FOUND", "SIGNALING_LOST"]);

/** Viewers look at a standing picture meanwhile. */
const reconnectMaxMs = 4000;
/** After this long without a way for media a new session is quicker than more restarts of ICE. */
const giveUpMs = 15_000;

/** The way to the server over socket.io. The client below it reconnects and resumes sessions by itself. */
export class SocketPublishLink implements PublishLink {
  readonly #address: StreamAddress;
  readonly #events: PublishLinkEvents;
  #client: SignalingClient | undefined;
  #up = false;

  constructor(address: StreamAddress, events: PublishLinkEvents) {
    this.#address = address;
    this.#events = events;
  }

  open(): void {
    const { base, token } = this.#address;
    const client = new SignalingClient({
      url: base,
      reconnectMaxMs,
      // Nothing here needs the server's clock.
      clockIntervalMs: 0,
      ...(token !== undefined && { token }),
    });
    this.#client = client;
    client.on("state", (state) => this.#linkIs(state === "connected"));
    this.#linkIs(client.state === "connected");
  }

  close(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.close();
  }

  async publish(takeOver: boolean, events: PublishEvents): Promise<PublishGrant> {
    const client = this.#client;
    if (client === undefined) throw new Error("The way to the server is not open.");
    const session = await client.publish(this.#address.stream, takeOver ? { takeOver } : {});
    session.on("stream", (status) => events.status(status));
    session.on("bye", ({ reason }) => {
      if (lostReasons.has(reason)) events.lost();
      else events.bye(reason);
    });
    queueMicrotask(() => events.status(session.status));
    return {
      iceServers: session.iceServers,
      negotiate: (peer, failed) => negotiatePublish(peer, session, { failed, ice: { giveUpMs } }),
      close: () => session.leave(),
    };
  }

  #linkIs(up: boolean): void {
    if (this.#client === undefined || up === this.#up) return;
    this.#up = up;
    this.#events.link(up);
  }
}
