import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { FakeGateway, type FakeSession } from "@millrace/signaling/session/testing";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import { createWhipHandler, type WhipHandler, type WhipOptions } from "./index.ts";

export const offerSdp: string = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "m=video 9 UDP/TLS/RTP/SAVPF 102",
  "a=ice-ufrag:EsAw",
  `a=ice-pwd:${"P".repeat(22)}`,
  "a=mid:0",
  "a=sendrecv",
  "",
].join("\r\n");

/** How the rig's gateway answers it. */
export const answerSdp: string = answerTo(offerSdp);

function answerTo(offer: string): string {
  return `answer:${offer.replaceAll("a=sendrecv", "a=recvonly")}`;
}

class AnsweringGateway extends FakeGateway {
  override async open(...args: Parameters<FakeGateway["open"]>): Promise<FakeSession> {
    const session = await super.open(...args);
    session.answer = (offer) => Promise.resolve(answerTo(offer));
    return session;
  }
}

/** A WHIP and WHEP server on a free loopback port, for tests. */
export interface Rig {
  readonly url: string;
  readonly port: number;
  readonly gateway: FakeGateway;
  readonly clock: FakeClock;
  readonly handler: WhipHandler;
  /** TCP connections that were made so far. */
  readonly connections: () => number;
  /** TCP connections that are open. */
  readonly openConnections: () => number;
  /** A request as `fetch` makes it, with its body read. */
  ask(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ): Promise<Answer>;
  /** Watches or publishes `live/cam` and gives the path of the session. */
  join(protocol?: "whip" | "whep"): Promise<{ readonly path: string; readonly etag: string }>;
  /** Sends raw bytes and gives all that comes back until the server closes or `until` is there. */
  raw(parts: readonly string[], until: RegExp): Promise<string>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The `code` of a problem document. */
  readonly code: string | undefined;
}

export async function createRig(options: Partial<WhipOptions> = {}): Promise<Rig> {
  const gateway = new AnsweringGateway();
  const clock = new FakeClock();
  const handler = createWhipHandler({ gateway, clock, log: silentLog, ...options });
  const http: Server = createServer((request, response) => {
    void handler.handle(request, response).then((handled) => {
      if (!handled) response.writeHead(404).end("not ours");
    });
  });
  let connections = 0;
  const sockets = new Set<Socket>();
  http.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    const code = isProblem ? (JSON.parse(text) as { code: string }).code : undefined;
    return { status: response.status, headers: response.headers, text, code };
  };

  return {
    url,
    port,
    gateway,
    clock,
    handler,
    connections: () => connections,
    openConnections: () => sockets.size,
    ask,
    async join(protocol = "whep") {
      const { headers } = await ask(
        "POST",
        `/${protocol}/live/cam`,
        { "Content-Type": "application/sdp" },
        offerSdp,
      );
      return { path: headers.get("location") ?? "", etag: headers.get("etag") ?? "" };
    },
    raw(parts, until) {
      return new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1");
        socket.setNoDelay(true);
        let text = "";
        const finish = (): void => {
          socket.destroy();
          resolve(text);
        };
        socket.on("data", (bytes) => {
          text += String(bytes);
          if (until.test(text)) finish();
        });
        socket.on("end", finish);
        socket.on("error", reject);
        const send = async (): Promise<void> => {
          for (const part of parts) {
            await new Promise<void>((sent) => socket.write(part, () => setImmediate(sent)));
          }
        };
        socket.on("connect", () => void send());
      });
    },
    async close() {
      handler.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
