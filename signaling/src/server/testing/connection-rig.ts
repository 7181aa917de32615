import { AddressRate } from "../../gate/index.ts";
import type { Joined, Opened, Reply, ServerEvent } from "../../protocol/index.ts";
import { FakeClock, FakeGateway } from "../../session/testing/index.ts";
import { CallRooms } from "../call-rooms.ts";
import { Connection, type ConnectionContext } from "../connection.ts";
import { defaultLimits, noLog, type SignalingLimits } from "../options.ts";
import { SessionBook } from "../session-book.ts";

/** A connection without a socket, and what its client was sent. */
export interface RigClient {
  readonly connection: Connection;
  readonly pushes: { event: ServerEvent; message: object }[];
  readonly disconnected: () => boolean;
  ask<Success extends object>(event: string, message?: unknown): Promise<Reply<Success>>;
  /** Opens a session. */
  watch(stream?: string): Promise<Opened>;
  /** Takes a place in a room. */
  call(room?: string): Promise<Joined>;
}

/** Connections of one server, with a fake gateway and a fake clock. */
export class ConnectionRig {
  readonly clock: FakeClock = new FakeClock();
  readonly gateway: FakeGateway = new FakeGateway();
  readonly book: SessionBook = new SessionBook();
  readonly rooms: CallRooms;
  readonly #context: ConnectionContext;

  constructor(limits: Partial<SignalingLimits> = {}) {
    const all = { ...defaultLimits, ...limits };
    this.rooms = new CallRooms(this.clock, all);
    this.#context = {
      gateway: this.gateway,
      book: this.book,
      rooms: this.rooms,
      opens: new AddressRate(all.opens),
      limits: all,
      clock: this.clock,
      log: noLog,
    };
  }

  connect(token?: string, address = "192.0.2.1"): RigClient {
    const pushes: { event: ServerEvent; message: object }[] = [];
    let disconnected = false;
    const connection = new Connection(
      this.#context,
      { address, userAgent: "test", token },
      {
        push: (event, message) => void pushes.push({ event, message }),
        disconnect() {
          disconnected = true;
        },
      },
    );
    const ask = <Success extends object>(
      event: string,
      message: unknown = {},
    ): Promise<Reply<Success>> =>
      new Promise((resolve) =>
        connection.receive(event, message, (reply) => resolve(reply as Reply<Success>)),
      );
    return {
      connection,
      pushes,
      disconnected: () => disconnected,
      ask,
      async watch(stream = "live/cam") {
        const reply = await ask<Opened>("watch", { stream });
        if (!reply.ok) throw new Error(reply.error.code);
        return reply;
      },
      async call(room = "room") {
        const reply = await ask<Joined>("call", { room });
        if (!reply.ok) throw new Error(reply.error.code);
        return reply;
      },
    };
  }
}

/** A `description` message with an offer. */
export function offerTo(session: string, sdp = "offer"): object {
  return { session, description: { type: "offer", sdp } };
}
