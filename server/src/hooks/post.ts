import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Longest answer that is read, bytes. */
  readonly maxAnswerBytes: number;
}

/** What a receiver said. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** Connections that are kept for the next request, per receiver. */
const maxKept = 16;

/**
 * Sends hooks over HTTP and HTTPS. Redirects are not followed: what is sent may be secret. Certificates are checked
 * against the public authorities, and against `ca` too.
 */
export class HookClient {
  readonly #http = new HttpAgent({ keepAlive: true, maxFreeSockets: maxKept });
  readonly #https: HttpsAgent;

  /** `ca`: PEM blocks of authorities of one's own; empty: none. */
  constructor(ca = "") {
    const trusted = ca === "" ? {} : { ca: [...rootCertificates, ca] };
    this.#https = new HttpsAgent({ keepAlive: true, maxFreeSockets: maxKept, ...trusted });
  }

  /**
   * Posts a text and reads the answer.
   * @throws Error when there is no whole answer of the allowed length.
   */
  async post(url: string, body: string, options: PostOptions): Promise<PostAnswer> {
    try {
      return await this.#post(url, body, options);
    } catch (error) {
      // It closed a kept connection just when it was taken: nothing of the request was read.
      if (!(error instanceof StaleConnection) || options.signal.aborted) throw error;
      return this.#post(url, body, options);
    }
  }

  /** Closes connections that are kept. May be called twice. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #post(url: string, body: string, options: PostOptions): Promise<PostAnswer> {
    const { headers, signal, maxAnswerBytes } = options;
    const target = new URL(url);
    const isSecure = target.protocol === "https:";
    return new Promise((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)(
        target,
        {
          method: "POST",
          headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
          agent: isSecure ? this.#https : this.#http,
          signal,
        },
        (response) => {
          readAnswer(response, maxAnswerBytes).then(resolve, (error: unknown) => {
            request.destroy();
            reject(error);
          });
        },
      );
      request.on("error", (error: NodeJS.ErrnoException) => {
        reject(request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnection() : error);
      });
      request.end(body);
    });
  }
}

class StaleConnection extends Error {
  constructor() {
    super("the connection was closed");
  }
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<PostAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") };
}
