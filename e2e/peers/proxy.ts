import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Gateway } from "./gateway.ts";
import { Peer } from "./process.ts";

export interface ProxyBehaviour {
  /** WebSocket upgrades are answered 403, as by many company proxies. */
  blockWebSocket?: boolean;
  /** A response without a length is held back until it is complete, as by proxies that look for viruses. */
  holdStreams?: boolean;
}

/** A proxy between browsers and the gateway whose faults can be switched on and off while it runs. */
export class FaultyProxy {
  readonly behaviour: ProxyBehaviour;
  readonly #server;
  readonly #target: URL;

  private constructor(target: string, behaviour: ProxyBehaviour) {
    this.#target = new URL(target);
    this.behaviour = behaviour;
    this.#server = createServer((request, response) => this.#pass(request, response));
    this.#server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => {});
      if (this.behaviour.blockWebSocket) {
        socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      const upstream = connect(Number(this.#target.port), this.#target.hostname, () => {
        const headers = request.rawHeaders
          .map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
          .join("");
        upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("close", () => upstream.destroy());
    });
  }

  static async start(target: string, behaviour: ProxyBehaviour = {}): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, behaviour);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Where browsers reach it, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const upstream = send(
      {
        host: this.#target.hostname,
        port: this.#target.port,
        method: request.method,
        path: request.url,
        headers: request.headers,
      },
      (answer) => {
        const endless = answer.headers["content-length"] === undefined;
        if (this.behaviour.holdStreams && endless) {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            response.end(Buffer.concat(chunks));
          });
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }
}

/** nginx in front of a gateway, with its buffering left on as many operators have it. */
export class Nginx {
  readonly url: string;
  readonly #peer: Peer;
  readonly #folder: string;

  private constructor(url: string, peer: Peer, folder: string) {
    this.url = url;
    this.#peer = peer;
    this.#folder = folder;
  }

  /** `port` must be free. `path` is the prefix under which the gateway is mounted, such as `/tv`, or empty. */
  static async start(gateway: Gateway, port: number, path = ""): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-nginx-"));
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `daemon off;
error_log stderr warn;
pid ${folder}/pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location ${path}/ {
      proxy_pass ${gateway.url}/;
      proxy_http_version 1.1;
      proxy_buffering on;
      proxy_ignore_headers X-Accel-Buffering;
      proxy_buffers 16 1m;
      proxy_buffer_size 1m;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto http;
      proxy_set_header X-Forwarded-Prefix "${path}";
    }
  }
}
`,
    );
    const peer = new Peer("nginx", ["-c", file, "-p", folder]);
    const url = `http://127.0.0.1:${port}${path}`;
    for (let tries = 0; ; tries++) {
      if (!peer.isRunning || tries > 100) throw new Error(`nginx does not run: ${peer.said}`);
      if (
        await fetch(`${url}/healthz`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return new Nginx(url, peer, folder);
  }

  async close(): Promise<void> {
    await this.#peer.stop("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
