import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { FakeClock } from "../core/fake-clock.ts";
import { type AccessRequest, ProtocolError, RefusedError, silentLog } from "../core/index.ts";
import { createProbeHandler, type ProbeHandler } from "./handler.ts";
import type { ProbeOptions, ProbePeer, ProbePeers } from "./options.ts";

/** Peers without a network that answer with what they were offered. */
export class FakePeers implements ProbePeers {
  readonly closed: string[] = [];
  open = 0;
  /** Ends the newest peer from its side. */
  vanish: () => void = () => {};

  createSender(
    _preferences: { readonly h264ProfileLevelId: undefined },
    events: { closed(reason: string): void },
  ): ProbePeer {
    this.open++;
    this.vanish = () => events.closed("PEER_TIMEOUT");
    return {
      answer: async (offer) => {
        if (!offer.startsWith("v=0")) throw new ProtocolError("SDP_INVALID", "no description");
        return `answer to ${offer}`;
      },
      close: (reason) => {
        this.open--;
        this.closed.push(reason);
      },
    };
  }
}

/** The handler on a free port of loopback. Viewers need the token `secret` for `live/closed`. */
export interface Rig {
  readonly url: string;
  readonly clock: FakeClock;
  readonly peers: FakePeers;
  readonly handler: ProbeHandler;
  readonly asked: AccessRequest[];
  ask(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ): Promise<Response>;
  /** Opens a peer and gives the path of it. */
  openPeer(): Promise<string>;
  close(): Promise<void>;
}

export async function startRig(
  change: Partial<ProbeOptions> = {},
  trustProxy: readonly string[] = [],
): Promise<Rig> {
  const clock = new FakeClock();
  const peers = new FakePeers();
  const asked: AccessRequest[] = [];
  const trust = new ProxyTrust(trustProxy);
  const handler = createProbeHandler({
    peers,
    access: {
      async authorize(request) {
        asked.push(request);
        if (request.stream === "live/closed" && request.token !== "secret") {
          throw new RefusedError("UNAUTHORIZED", 401, "Show a token.");
        }
      },
    },
    iceServers: (id) => [{ urls: ["turn:192.0.2.1:3478"], username: id, credential: "turn-key" }],
    trust,
    origins: new OriginPolicy([], trust),
    basePath: "/tv",
    clock,
    log: silentLog,
    ...change,
  });
  const server: Server = createServer((request, response) => {
    void handler.handle(request, response).then((ours) => {
      if (!ours) response.writeHead(404).end("not ours");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask: Rig["ask"] = (method, path, headers = {}, body = undefined) =>
    fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  return {
    url,
    clock,
    peers,
    handler,
    asked,
    ask,
    async openPeer() {
      const opened = await ask(
        "POST",
        "/doctor/peer",
        { "Content-Type": "application/sdp" },
        "v=0",
      );
      await opened.text();
      return (opened.headers.get("location") ?? "").replace(/^\/tv/, "");
    },
    async close() {
      handler.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
