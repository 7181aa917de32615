import { createHash, createHmac } from "node:crypto";
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A little server for a test, and its end. */
export interface LittleServer {
  readonly port: number;
  close(): Promise<void>;
}

/** An HTTP server; `upgrade` is called with requests to upgrade. */
export async function serveHttp(
  listener: RequestListener,
  upgrade?: (key: string, socket: Socket) => void,
): Promise<LittleServer & { readonly url: URL }> {
  const server = createHttpServer(listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  if (upgrade !== undefined) {
    server.on("upgrade", (request, socket) => {
      socket.on("error", () => {});
      upgrade(request.headers["sec-websocket-key"] ?? "", socket as Socket);
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: new URL(`http://127.0.0.1:${port}/`),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A TCP server that does this with every connection. */
export async function serveTcp(connection: (socket: Socket) => void): Promise<LittleServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    connection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A UDP server; what `answer` gives is sent back. */
export async function serveUdp(
  answer: (datagram: Buffer, from: RemoteInfo) => Buffer | undefined,
): Promise<LittleServer> {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, from) => {
    const reply = answer(datagram, from);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  return {
    port,
    async close() {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** A TCP and UDP port that nobody has. */
export async function freePort(): Promise<number> {
  const server = await serveTcp(() => {});
  await server.close();
  return server.port;
}

/** The value of an attribute of a STUN message, and where it begins. */
export function stunField(
  message: Buffer,
  type: number,
): { at: number; value: Buffer } | undefined {
  for (let at = 20; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    if (message.readUInt16BE(at) === type) {
      return { at, value: message.subarray(at + 4, at + 4 + length) };
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

/** Whether MESSAGE-INTEGRITY was made with `key`. RFC 8489 section 14.5. */
export function hasIntegrity(message: Buffer, key: string | Buffer): boolean {
  const found = stunField(message, 0x0008);
  if (found === undefined) return false;
  const covered = Buffer.from(message.subarray(0, found.at));
  covered.writeUInt16BE(found.at + 24 - 20, 2);
  return createHmac("sha1", key).update(covered).digest().equals(found.value);
}

/** An answer to `request`, with these attributes. */
export function stunAnswer(
  request: Buffer,
  type: number,
  attributes: readonly (readonly [number, Buffer])[] = [],
): Buffer {
  const fields = attributes.map(([kind, value]) => {
    const field = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    field.writeUInt16BE(kind, 0);
    field.writeUInt16BE(value.length, 2);
    value.copy(field, 4);
    return field;
  });
  const body = Buffer.concat(fields);
  const header = Buffer.from(request.subarray(0, 20));
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** The answer to an upgrade. RFC 6455 section 4.2.2. */
export function acceptUpgrade(key: string, socket: Socket): void {
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}
