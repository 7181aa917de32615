import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import {
  type Clock,
  type Log,
  RefusedError,
  type Stream,
  type Timer,
  type Transport,
  type Viewer,
  type ViewerFigures,
} from "../../core/index.ts";
import { HttpRefusal } from "../door/index.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { FlvChannel } from "./channel.ts";
import { FanOut, loadNativeSend, type NativeSend } from "./fan-out.ts";
import { HttpCarrier, socketOf, wireOf, writeHead } from "./http-carrier.ts";
import { defaultFlvLimits, type FlvLimits } from "./limits.ts";
import { Pace } from "./pace.ts";
import type { FlvSound } from "./sources.ts";
import { FlvViewer } from "./viewer.ts";
import { Handshakes, WebSocketCarrier } from "./websocket-carrier.ts";

/** How often viewers are looked after. Milliseconds. */
const tickMs = 1000;
/** Codes of viewers whom a goodbye would not reach. */
const cutCodes: ReadonlySet<string> = new Set([
  "VIEWER_TOO_SLOW",
  "WEBSOCKET_PONG_MISSING",
  "WEBSOCKET_MESSAGES_UNEXPECTED",
  "INTERNAL_ERROR",
]);

export interface FlvOutputOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<FlvLimits>;
  /** Writes to sockets past Node's streams; undefined: only through them. Default: what was built. */
  readonly nativeSend?: NativeSend | undefined;
}

/** HTTP-FLV and WebSocket-FLV: `/live/cam.flv`. `?audio=native` leaves sound as the publisher sends it. */
export function createFlvOutput(options: FlvOutputOptions): FallbackOutput {
  return new FlvOutput(options);
}

interface Session {
  readonly stream: Stream;
  readonly counted: Viewer;
  readonly channel: FlvChannel;
  readonly traffic: HttpTraffic;
  readonly pump: () => void;
}

class FlvOutput implements FallbackOutput {
  readonly suffixes = [".flv"];
  readonly transport = "http-flv";
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: FlvLimits;
  readonly #pace: Pace;
  readonly #handshakes: Handshakes;
  readonly #fanOut: FanOut | undefined;
  readonly #channels = new Map<Stream, Map<FlvSound, FlvChannel>>();
  readonly #sessions = new Map<FlvViewer, Session>();
  #timer: Timer | undefined;

  constructor(options: FlvOutputOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#limits = { ...defaultFlvLimits, ...options.limits };
    this.#pace = new Pace(this.#limits);
    this.#handshakes = new Handshakes(this.#limits);
    const send = "nativeSend" in options ? options.nativeSend : loadNativeSend(options.log);
    this.#fanOut = send === undefined ? undefined : new FanOut(send);
  }

  /** Settles once the answer has begun or its client is gone. */
  async serve(visit: Visit, response: ServerResponse): Promise<void> {
    refuseRest(visit);
    const wire = wireOf(visit.request);
    if (visit.request.method === "HEAD") {
      writeHead(response, wire);
      response.end();
      return;
    }
    const socket = await socketOf(response);
    if (socket === undefined || response.destroyed) return;
    socket.setNoDelay(true);
    const traffic = new HttpTraffic({ isNoted: false });
    traffic.follow(response);
    await new Promise<void>((resolve, reject) => {
      const carrier = new HttpCarrier({
        response,
        socket,
        wire,
        clock: this.#clock,
        endMs: this.#limits.endMs,
        onBegin: resolve,
        onRefuse: (error) => {
          this.#forget(viewer, error.code);
          reject(error);
        },
      });
      const viewer = new FlvViewer(carrier, this.#limits);
      response.once("close", () => {
        this.#forget(viewer, "LEFT");
        resolve();
      });
      this.#begin(viewer, visit, "http-flv", traffic);
    });
  }

  upgrade(visit: Visit, socket: Duplex, head: Buffer): void {
    refuseRest(visit);
    this.#handshakes.check(visit.request);
    const traffic = new HttpTraffic({ isNoted: false });
    traffic.followUpgrade(visit.request);
    this.#handshakes.accept(visit.request, socket, head, (webSocket) => {
      const carrier = new WebSocketCarrier({
        webSocket,
        socket,
        limits: this.#limits,
        log: this.#log,
        nowUs: this.#clock.nowUs(),
        onRefuse: (error) => this.#forget(viewer, error.code),
      });
      const viewer = new FlvViewer(carrier, this.#limits);
      webSocket.once("close", () => this.#forget(viewer, "LEFT"));
      try {
        this.#begin(viewer, visit, "ws-flv", traffic);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        carrier.refuse(error);
      }
    });
  }

  close(reason: string): void {
    for (const viewer of [...this.#sessions.keys()]) this.#end(viewer, reason);
  }

  /** @throws RefusedError `VIEWERS_FULL` 503, `STREAM_NOT_FOUND` 404. */
  #begin(viewer: FlvViewer, visit: Visit, transport: Transport, traffic: HttpTraffic): void {
    const { stream } = visit;
    let channel: FlvChannel | undefined;
    const counted = visit.addViewer(transport, {
      onKick: (reason) => this.#end(viewer, reason),
      stats: () => figuresOf(viewer, traffic, channel),
    });
    const sound = visit.query.get("audio") === "native" ? "native" : "aac";
    channel = this.#channel(stream, sound);
    const pump = (): void => viewer.pump();
    viewer.carrier.socket.on("drain", pump);
    this.#sessions.set(viewer, { stream, counted, channel, traffic, pump });
    this.#timer ??= this.#clock.after(tickMs, () => this.#tick());
    viewer.onMedia = () => counted.mediaStarted();
    channel.add(viewer);
  }

  #channel(stream: Stream, sound: FlvSound): FlvChannel {
    const channels = this.#channels.get(stream) ?? new Map<FlvSound, FlvChannel>();
    this.#channels.set(stream, channels);
    const present = channels.get(sound);
    if (present !== undefined) return present;
    const channel = new FlvChannel({
      stream,
      sound,
      clock: this.#clock,
      log: this.#log.child({ stream: stream.name }),
      limits: this.#limits,
      pace: this.#pace,
      fanOut: this.#fanOut,
      endViewer: (viewer, code) => this.#end(viewer, code),
    });
    channels.set(sound, channel);
    return channel;
  }

  #tick(): void {
    this.#timer = undefined;
    const nowUs = this.#clock.nowUs();
    for (const channels of [...this.#channels.values()]) {
      for (const channel of [...channels.values()]) channel.tick(nowUs);
    }
    if (this.#sessions.size > 0) this.#timer = this.#clock.after(tickMs, () => this.#tick());
  }

  /** Ends a viewer with a stable code. */
  #end(viewer: FlvViewer, code: string): void {
    const { carrier, isOpen } = viewer;
    if (!cutCodes.has(code)) this.#sessions.get(viewer)?.traffic.settle();
    if (!this.#forget(viewer, code)) return;
    if (cutCodes.has(code)) carrier.abort();
    else if (isOpen) carrier.end(code);
    else carrier.refuse(notThere(code));
  }

  /** Lets go of a viewer. Returns whether it was there. */
  #forget(viewer: FlvViewer, code: string): boolean {
    const session = this.#sessions.get(viewer);
    if (session === undefined) return false;
    this.#sessions.delete(viewer);
    const { stream, counted, channel, pump } = session;
    viewer.carrier.socket.off("drain", pump);
    channel.remove(viewer);
    counted.close(code);
    if (channel.viewers === 0) this.#closeChannel(stream, channel);
    if (this.#sessions.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    return true;
  }

  #closeChannel(stream: Stream, channel: FlvChannel): void {
    channel.close();
    const channels = this.#channels.get(stream);
    if (channels === undefined) return;
    for (const [sound, present] of channels) if (present === channel) channels.delete(sound);
    if (channels.size === 0) this.#channels.delete(stream);
  }
}

function figuresOf(
  viewer: FlvViewer,
  traffic: HttpTraffic,
  channel: FlvChannel | undefined,
): ViewerFigures {
  const { directBytes, lostBytes, waitingBytes, framesSent, framesDropped } = viewer.stats;
  return {
    bytesSent: Math.max(0, traffic.bytesSent + directBytes - lostBytes),
    bytesReceived: traffic.bytesReceived,
    codecs: channel?.codecs ?? [],
    ...{ framesSent, framesDropped, waitingBytes },
  };
}

/** @throws HttpRefusal `NOT_FOUND` 404. */
function refuseRest(visit: Visit): void {
  if (visit.rest === "") return;
  throw new HttpRefusal("NOT_FOUND", 404, "There is nothing at this address.");
}

/** What somebody is told whose answer had not begun when the stream ended. */
function notThere(code: string): RefusedError {
  if (code === "SERVER_CLOSING") {
    return new HttpRefusal(code, 503, "The server is shutting down.");
  }
  return new HttpRefusal("STREAM_NOT_FOUND", 404, "The stream has ended.");
}
