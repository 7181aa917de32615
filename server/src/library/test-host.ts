import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import {
  type ClientRequest,
  createServer,
  type RequestListener,
  request,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayOptions } from "./options.ts";

const flvFile: Uint8Array = new Uint8Array(
  readFileSync(new URL("../../media/src/flv/fixtures/bframes.flv", import.meta.url)),
);

const here: { readonly host: string; readonly port: number } = { host: "127.0.0.1", port: 0 };

/** Everything on free ports of loopback, without what takes time to start. */
export const smallGateway: GatewayOptions = {
  http: here,
  rtmp: here,
  flvTcp: { enabled: false },
  rtc: here,
  turn: { enabled: false },
  transcode: { engine: "none" },
  shutdown: { drainSeconds: 1 },
  log: false,
};

/** Somebody's HTTP server on a free port of loopback. */
export async function listen(listener?: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: urlOf(server) };
}

export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Publishes ten pictures there and stays. */
export function publishFlv(url: string): ClientRequest {
  const publisher = request(url, { method: "POST", headers: { "Content-Type": "video/x-flv" } });
  publisher.on("error", () => {});
  publisher.write(flvFile);
  return publisher;
}

/** A folder with a page for those who watch, as the built one has it. */
export function madeSite(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-site-"));
  const page = '<!doctype html><script type="module" src="/player.js"></script>';
  writeFileSync(join(folder, "watch.html"), page);
  return folder;
}
