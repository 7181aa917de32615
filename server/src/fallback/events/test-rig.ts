import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, Registry, type Stream, silentLog } from "../../core/index.ts";
import { videoInfo } from "../../core/test-frames.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { FakeFragments, type FakeOutput } from "./fake-fragments.ts";
import { EventHub } from "./hub.ts";
import type { HubLimits, PollLimits, SseLimits } from "./limits.ts";
import { createPollOutput } from "./poll-output.ts";
import { createSseOutput } from "./sse-output.ts";

export interface RigLimits {
  readonly hub?: Partial<HubLimits>;
  readonly sse?: Partial<SseLimits>;
  readonly poll?: Partial<PollLimits>;
  readonly maxViewersPerStream?: number;
}

/** Both outputs behind a server on loopback, with a door that only finds the stream. Time is a fake. */
export class Rig {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry;
  readonly fragments: FakeFragments = new FakeFragments();
  readonly hub: EventHub;
  readonly sse: FallbackOutput;
  readonly poll: FallbackOutput;
  readonly server: Server;
  /** Answers that are not over. */
  readonly responses: Set<ServerResponse> = new Set();
  /** Codes that the outputs logged. */
  readonly told: unknown[] = [];
  publisher: Publisher;

  private constructor(limits: RigLimits) {
    const { clock, fragments } = this;
    const { maxViewersPerStream = 5000 } = limits;
    this.registry = new Registry({ clock, log: silentLog, limits: { maxViewersPerStream } });
    this.hub = new EventHub({ fragments, clock, limits: limits.hub ?? {} });
    const info = ({ code }: { code?: unknown }): void => void this.told.push(code);
    const common = { fragments, clock, log: { ...silentLog, info }, hub: this.hub };
    this.sse = createSseOutput({ ...common, limits: limits.sse ?? {} });
    this.poll = createPollOutput({ ...common, limits: limits.poll ?? {} });
    this.server = createServer((request, response) => this.#serve(request, response));
    this.publisher = this.publish();
    this.publisher.setTrack(videoInfo());
  }

  static async start(limits: RigLimits = {}): Promise<Rig> {
    const rig = new Rig(limits);
    await new Promise<void>((resolve) => rig.server.listen(0, "127.0.0.1", resolve));
    return rig;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get stream(): Stream {
    return this.publisher.stream;
  }

  publish(): Publisher {
    this.publisher = this.registry.publish({
      stream: "live/cam",
      transport: "rtmp",
      address: "127.0.0.1",
      onKick: () => {},
    });
    return this.publisher;
  }

  /** Ends the stream, and the output in the middle of it, as an output of its tracks ends. */
  endWith(output: FakeOutput): void {
    this.stream.track("video")?.subscribe({
      frame: () => {},
      ended: () => output.end("STREAM_ENDED"),
    });
    this.stream.end("PUBLISHER_CLOSED");
  }

  /** Leaves nothing behind. */
  async close(): Promise<void> {
    this.sse.close("SHUTTING_DOWN");
    this.poll.close("SHUTTING_DOWN");
    this.hub.close();
    this.registry.close("SHUTTING_DOWN");
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.responses.add(response);
    response.once("close", () => this.responses.delete(response));
    const url = new URL(request.url ?? "", "http://rig");
    const output = [this.sse, this.poll].find(({ suffixes }) =>
      suffixes.some((suffix) => url.pathname.endsWith(suffix)),
    );
    const stream = this.registry.get("live/cam");
    if (output === undefined || stream === undefined) {
      response.writeHead(404).end();
      return;
    }
    const address = (request.headers["x-from"] as string | undefined) ?? "127.0.0.1";
    const visit: Visit = {
      request,
      stream,
      suffix: output.suffixes[0] ?? "",
      rest: "",
      query: url.searchParams,
      address,
      token: undefined,
      prefix: "",
      addViewer: (transport, session) => stream.addViewer({ ...session, transport, address }),
    };
    try {
      void output.serve(visit, response);
    } catch (error) {
      const { status = 500, code = String(error) } = error as { status?: number; code?: string };
      response.writeHead(status).end(code);
    }
  }
}
