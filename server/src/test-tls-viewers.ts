import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { dechunk, messagesOf, parseFlv, splitAnswer } from "./fallback/flv/test-flv.ts";
import { TestClient } from "./rtmp/test-client.ts";

/** Somebody who watches, and whose connection is kept in view. */
export interface TestViewer {
  readonly name: string;
  readonly socket: Socket;
  /** What its connection came to, if it did. */
  ended(): string | undefined;
  /** Digests of the pictures that came, in order. @throws Error for bytes that are no stream. */
  pictures(): readonly string[];
}

export interface ViewerPlace {
  readonly port: number;
  readonly tls: boolean;
}

async function open({ port, tls }: ViewerPlace): Promise<Socket> {
  const at = { host: "127.0.0.1", port };
  const socket = tls ? connect({ ...at, rejectUnauthorized: false }) : connectTcp(at);
  await once(socket, tls ? "secureConnect" : "connect");
  return socket;
}

function viewer(name: string, socket: Socket, pictures: () => readonly string[]): TestViewer {
  let ended: string | undefined;
  socket.on("error", (error) => {
    ended ??= error.message;
  });
  socket.on("close", () => {
    ended ??= "closed";
  });
  return { name, socket, ended: () => ended, pictures };
}

function gather(socket: Socket): () => Buffer {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts);
}

function digests(tags: readonly { readonly type: number; readonly body: Uint8Array }[]): string[] {
  return tags
    .filter(({ type, body }) => type === 9 && body[1] !== 0)
    .map(({ body }) => createHash("sha256").update(body).digest("base64"));
}

export async function watchHttpFlv(place: ViewerPlace, stream: string): Promise<TestViewer> {
  const socket = await open(place);
  const bytes = gather(socket);
  socket.write(`GET /${stream}.flv HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const name = place.tls ? "https-flv" : "http-flv";
  return viewer(name, socket, () =>
    digests(parseFlv(dechunk(splitAnswer(bytes()).body).data).tags),
  );
}

export async function watchWsFlv(place: ViewerPlace, stream: string): Promise<TestViewer> {
  const socket = await open(place);
  const bytes = gather(socket);
  const key = randomBytes(16).toString("base64");
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  socket.write(
    `GET /${stream}.flv HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return viewer("wss-flv", socket, () => {
    const binary = messagesOf(splitAnswer(bytes()).body).filter(({ opcode }) => opcode === 2);
    return digests(parseFlv(Buffer.concat(binary.map(({ data }) => data))).tags);
  });
}

export async function watchRtmp(place: ViewerPlace, stream: string): Promise<TestViewer> {
  const socket = await open(place);
  const client = new TestClient();
  const say = (): void => {
    const bytes = client.take();
    if (bytes.length > 0) socket.write(bytes);
  };
  const [app = "", key = ""] = stream.split("/");
  let greeted = false;
  socket.on("data", (part: Buffer) => {
    client.receive(part);
    if (!greeted && client.hello !== undefined) {
      greeted = true;
      client.connect({ app, tcUrl: `rtmps://127.0.0.1/${app}` }).play(key);
    }
    say();
  });
  client.greet();
  say();
  return viewer("rtmps", socket, () =>
    digests(client.tags.map(({ type, payload }) => ({ type, body: payload }))),
  );
}

/** The serial number that a new handshake shows, and what came of the handshake. */
export async function serialAt(port: number): Promise<string> {
  const socket = (await open({ port, tls: true })) as TLSSocket;
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** A client of STUN over TLS, which asks and waits for the answer. RFC 8489 section 6.2.2. */
export async function openStun(port: number): Promise<{ ask(): Promise<void>; socket: Socket }> {
  const socket = await open({ port, tls: true });
  return {
    socket,
    async ask() {
      const request = Buffer.alloc(20);
      request.writeUInt16BE(0x0001, 0);
      request.writeUInt32BE(0x2112a442, 4);
      randomBytes(12).copy(request, 8);
      socket.write(request);
      const [answer] = (await once(socket, "data")) as [Buffer];
      if (
        answer.readUInt16BE(0) !== 0x0101 ||
        !answer.subarray(8, 20).equals(request.subarray(8))
      ) {
        throw new Error("that is no answer to a binding request");
      }
    },
  };
}
