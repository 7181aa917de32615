import { type IncomingMessage, request as send } from "node:http";
import { request as sendSecure } from "node:https";

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The address of this machine that the request comes from. */
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Asks a server whose certificate nobody signed. `onRequest` gets the request to go on writing to it. */
export function open(
  method: string,
  url: string,
  asked: Asked = {},
  onRequest?: (request: ReturnType<typeof send>) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { headers = {}, localAddress } = asked;
    const from = localAddress === undefined ? {} : { localAddress };
    const options = { method, agent: false, headers, ...from } as const;
    const request = url.startsWith("https:")
      ? sendSecure(url, { ...options, rejectUnauthorized: false })
      : send(url, options);
    request.once("response", resolve).on("error", reject);
    if (onRequest === undefined) request.end(asked.body);
    else onRequest(request);
  });
}

/** A whole answer. */
export async function ask(method: string, url: string, asked: Asked = {}): Promise<Answer> {
  const response = await open(method, url, asked);
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("latin1");
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** The first bytes of an answer that may have no end; the connection is closed then. */
export async function firstBytes(
  url: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await open("GET", url, { headers });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size >= count) break;
  }
  response.destroy();
  const text = Buffer.concat(parts).toString("latin1");
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}
