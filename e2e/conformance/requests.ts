import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { need } from "./checklist.ts";

const timeoutMs = 10_000;
const maxRedirects = 3;

export interface Reply {
  /** 0: the server hung up or said nothing in time; `text` tells. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where the answer came from, after redirections. */
  readonly url: string;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** HTTP as WHIP clients speak it, with a record of what servers answered. */
export class Requests {
  /** `METHOD status` of every answer, redirections included. */
  readonly seen: string[] = [];

  /** Asks, and follows 307 and 308 as RFC 9725 section 4.5 wants of clients. Never rejects. */
  async ask(method: string, url: string, ask: Ask = {}): Promise<Reply> {
    let at = url;
    for (let hop = 0; ; hop += 1) {
      const reply = await askOnce(method, at, ask);
      const { status, headers } = reply;
      this.seen.push(`${method} ${status}`);
      const next = headers.get("location");
      if ((status !== 307 && status !== 308) || next === null || hop >= maxRedirects) return reply;
      at = new URL(next, at).href;
    }
  }
}

async function askOnce(method: string, url: string, { headers = {}, body }: Ask): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const { status } = response;
    return { status, headers: response.headers, text: await response.text(), url };
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return { status: 0, headers: new Headers(), text: `nothing: ${why}`, url };
  }
}

/** How a request was answered, for the report of a rule that fails. */
export function answered({ status, text }: Reply): string {
  return status === 0 ? `answered ${text}` : `answered ${status}`;
}

/** Throws unless the answer has one of the statuses. */
export function mustBe(reply: Reply, ...statuses: readonly number[]): void {
  need(statuses.includes(reply.status), answered(reply));
}

/** Throws unless the answer is 2xx. */
export function mustSucceed(reply: Reply): void {
  need(reply.status >= 200 && reply.status < 300, answered(reply));
}

/** Throws unless the answer is 4xx. */
export function mustRefuse(reply: Reply): void {
  need(reply.status >= 400 && reply.status < 500, answered(reply));
}

/** Throws unless the answer is 2xx without a body. */
export function mustBeEmpty(reply: Reply): void {
  mustSucceed(reply);
  need(reply.text === "", `${answered(reply)} with ${reply.text.length} characters`);
}

/** Sends a request over a connection of its own and gives the answer's head as it stands on the wire. */
export async function rawHead(method: string, url: string, ask: Ask): Promise<string> {
  const { hostname, port, pathname, search, protocol, host } = new URL(url);
  const secure = protocol === "https:";
  const at = { host: hostname, port: Number(port) || (secure ? 443 : 80) };
  const socket = secure ? connectTls({ ...at, servername: hostname }) : connect(at);
  const { body = "", headers = {} } = ask;
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = "";
      socket.setTimeout(timeoutMs, () => reject(new Error("no answer in time")));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed without an answer")));
      socket.on("data", (bytes: Buffer) => {
        text += bytes.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end >= 0) resolve(text.slice(0, end));
      });
      socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
    });
  } finally {
    socket.destroy();
  }
}
