import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";

/** A question to an HTTP server. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Resolve with the first bytes of the body, and leave then. */
  readonly firstBytes?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** There was no answer. `code` is a stable string: of the system, of TLS, or `TIMEOUT`. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes of an answer that are looked at. */
const maxBodyBytes = 1024 * 1024;

/**
 * Asks once, on a connection of its own. An upgrade is an answer like any other; its connection is closed.
 * @throws NoAnswer, also when the answer is cut off or longer than 1 MiB.
 */
export function ask(url: URL, question: Question): Promise<Reply> {
  const { method = "GET", headers = {}, body, timeoutMs, firstBytes = false } = question;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    let request: ClientRequest | undefined;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
      request?.destroy();
    };
    const giveUp = (code: string, message: string): void =>
      settle(() => reject(new NoAnswer(code, message)));
    const timer = setTimeout(
      () => giveUp("TIMEOUT", `no answer within ${timeoutMs} ms`),
      timeoutMs,
    );
    request = send(url, { method, headers: { ...headers }, agent: false });
    request.on("error", (error: NodeJS.ErrnoException) =>
      giveUp(error.code ?? "FAILED", error.message),
    );
    request.on("upgrade", ({ statusCode = 0, headers: told }, socket) => {
      socket.on("error", () => {});
      settle(() => resolve({ status: statusCode, headers: told, body: "" }));
      socket.destroy();
    });
    request.on("response", (response) => {
      const { statusCode: status = 0, headers: told } = response;
      let text = "";
      const done = (): void => settle(() => resolve({ status, headers: told, body: text }));
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (firstBytes) done();
        else if (text.length > maxBodyBytes)
          giveUp("DOCTOR_ANSWER_TOO_LONG", "the answer is too long");
      });
      response.on("end", done);
      response.on("error", (error) => giveUp("DOCTOR_ANSWER_CUT_OFF", error.message));
    });
    request.end(body);
  });
}

/** An address below the server's, which may have a base path. */
export function below(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/$/, "") + path;
  url.search = "";
  url.hash = "";
  return url;
}
