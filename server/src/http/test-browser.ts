import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

export const formType = "application/x-www-form-urlencoded";

/** What is asked for at an address; a body is a form's. */
export type Asked = [
  path: string,
  headers?: Record<string, string>,
  body?: string,
  method?: string,
];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What a browser would send back. */
  readonly cookies: string;
  readonly setCookies: readonly string[];
}

/** A request with exactly these headers, for `fetch` keeps some to itself. */
export function askAt(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
  method: string = body === undefined ? "GET" : "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "Content-Type": formType };
    const all = { ...type, ...headers };
    httpRequest(`${url}${path}`, { method, headers: all, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const setCookies = response.headers["set-cookie"] ?? [];
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
          setCookies,
          cookies: setCookies.map((cookie) => cookie.split(";")[0]).join("; "),
        });
      });
    })
      .on("error", reject)
      .end(body);
  });
}
