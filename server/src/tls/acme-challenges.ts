import type { IncomingMessage, ServerResponse } from "node:http";

/** RFC 8555 section 8.3. */
const folder = "/.well-known/acme-challenge/";
/** RFC 8555 section 8: a token is at least 128 bits in base64url. */
const tokenPattern = /^[A-Za-z0-9_-]{16,256}$/;

/** Answers the questions by which an ACME server sees that a host name is ours (RFC 8555 section 8.3, http-01). */
export class AcmeChallenges {
  readonly #answers = new Map<string, string>();

  /** @throws Error for a token that could not be asked for. */
  add(token: string, answer: string): void {
    if (!tokenPattern.test(token)) throw new Error("the ACME server's token is none");
    this.#answers.set(token, answer);
  }

  delete(token: string): void {
    this.#answers.delete(token);
  }

  /** Answers what lies in that folder and returns true; leaves everything else alone. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { url = "", method } = request;
    if (!url.startsWith(folder)) return Promise.resolve(false);
    const [path = ""] = url.split("?", 1);
    const answer = this.#answers.get(path.slice(folder.length));
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD", "Content-Length": 0 }).end();
    } else if (answer === undefined) {
      response.writeHead(404, { "Cache-Control": "no-store", "Content-Length": 0 }).end();
    } else {
      response.writeHead(200, {
        "Content-Type": "application/octet-stream",
        "Cache-Control": "no-store",
        "Content-Length": Buffer.byteLength(answer),
      });
      response.end(method === "HEAD" ? undefined : answer);
    }
    return Promise.resolve(true);
  };
}
