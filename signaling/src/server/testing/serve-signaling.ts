import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { FakeGateway } from "../../session/testing/index.ts";
import { attachSignaling, type Signaling, type SignalingOptions } from "../index.ts";

/** A signaling server on a free loopback port, for tests. */
export interface ServedSignaling {
  readonly url: string;
  readonly port: number;
  readonly http: Server;
  readonly gateway: FakeGateway;
  readonly signaling: Signaling;
  /** Cuts every TCP connection and all that come, as a network that fails, until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** `port` 0 takes a free one. */
export async function serveSignaling(
  options: SignalingOptions = {},
  port = 0,
): Promise<ServedSignaling> {
  const gateway = new FakeGateway();
  const http = createServer((_request, response) => void response.writeHead(404).end());
  const sockets = new Set<Socket>();
  let broken = false;
  http.on("connection", (socket) => {
    if (broken) socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const signaling = attachSignaling(http, gateway, options);
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  const bound = (http.address() as AddressInfo).port;
  const cut = (): void => {
    broken = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    http,
    gateway,
    signaling,
    cut,
    mend() {
      broken = false;
    },
    async close() {
      await signaling.close();
      cut();
      if (http.listening) await new Promise((resolve) => http.close(resolve));
    },
  };
}
