import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Somebody else's web site, on an origin of its own: one page, the same at every path. */
export class Site {
  readonly #server: Server;
  /** What every path answers. */
  html: string;

  private constructor(server: Server, html: string) {
    this.#server = server;
    this.html = html;
  }

  static async start(html = "<!doctype html><title>site</title>"): Promise<Site> {
    const server = createServer((_request, response) => {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(site.html);
    });
    const site = new Site(server, html);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  /** With a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
