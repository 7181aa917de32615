import { afterEach, describe, expect, test } from "vitest";
import { type AccessRequest, RefusedError } from "../../core/index.ts";
import { videoInfo } from "../../core/test-frames.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { Received, TestDoor, type TestDoorOptions } from "./test-door.ts";

/** Answers with what it was asked. */
class Echo implements FallbackOutput {
  readonly suffixes = [".flv", ".hls"];
  readonly transport = "http-flv";
  readonly closed: string[] = [];
  readonly visits: Visit[] = [];
  fails: unknown;

  serve(visit: Visit, response: import("node:http").ServerResponse): void {
    if (this.fails !== undefined) throw this.fails;
    this.visits.push(visit);
    const { suffix, rest, prefix, address } = visit;
    const body = JSON.stringify({ stream: visit.stream.name, suffix, rest, prefix, address });
    response.writeHead(200, { "Content-Length": body.length });
    response.end(visit.request.method === "HEAD" ? undefined : body);
  }

  close(reason: string): void {
    this.closed.push(reason);
  }
}

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function open(
  options: Partial<TestDoorOptions> = {},
): Promise<{ door: TestDoor; echo: Echo }> {
  const echo = new Echo();
  door = await new TestDoor({ outputs: [echo], ...options }).listen();
  door.publish("live/cam", videoInfo());
  return { door, echo };
}

const problem = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { status, code } = (await response.json()) as { status: number; code: string };
  expect(status).toBe(response.status);
  return [status, code];
};

describe("cookies (rows 8 and 9)", () => {
  const id = "AbCdEfGhIjKlMnOpQrSt-_";
  const cookie = `millrace_pass=the-pass; millrace_client=${id}`;

  test("open the stream, and tell the viewer who comes back", async () => {
    const asked: AccessRequest[] = [];
    const access = { authorize: async (request: AccessRequest) => void asked.push(request) };
    const { door, echo } = await open({ access });
    expect((await door.get("/live/cam.flv", { cookie })).status).toBe(200);
    expect(asked).toMatchObject([{ action: "play", stream: "live/cam", token: "the-pass" }]);
    const visit = echo.visits[0];
    expect(visit?.clientId).toBe(id);
    expect(visit?.addViewer("http-flv", {}).info.clientId).toBe(id);
    await door.get("/live/cam.flv");
    expect([asked[1]?.token, echo.visits[1]?.clientId]).toEqual([undefined, undefined]);
  });
});

describe("a request", () => {
  test("is handed to the output of its suffix", async () => {
    const { door } = await open({ basePath: "/gw", trustProxy: ["loopback"] });
    const response = await door.get("/live/cam.hls/part7.m4s", {
      "X-Forwarded-Prefix": "/outer",
      "X-Forwarded-For": "198.51.100.7",
    });
    expect(await response.json()).toEqual({
      stream: "live/cam",
      suffix: ".hls",
      rest: "part7.m4s",
      prefix: "/outer/gw",
      address: "198.51.100.7",
    });
  });

  test("HEAD gets the headers only", async () => {
    const { door } = await open();
    const response = await door.get("/live/cam.flv", {}, "HEAD");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("with a suffix of nobody is left alone", async () => {
    const { door } = await open();
    expect((await door.get("/live/cam.mkv")).status).toBe(599);
    expect((await door.get("/live/cam")).status).toBe(599);
  });

  test("for a stream that is not there is answered 404 and may be repeated soon", async () => {
    const { door } = await open();
    const response = await door.get("/live/other.flv");
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await problem(response)).toEqual([404, "STREAM_NOT_FOUND"]);
    const head = await door.get("/live/other.flv", {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([404, ""]);
  });

  test.each([
    ["/a/b/c/d.flv", [400, "STREAM_NAME_INVALID"]],
    ["/live/%zz.flv", [400, "URL_INVALID"]],
  ])("%s: %j", async (path, expected) => {
    const { door } = await open();
    expect(await problem(await door.get(path))).toEqual(expected);
  });

  test("other methods are refused", async () => {
    const { door } = await open();
    const response = await door.get("/live/cam.flv", {}, "DELETE");
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(await problem(response)).toEqual([405, "METHOD_NOT_ALLOWED"]);
  });

  test("a refusal of the output is a problem, a bug of it is hidden", async () => {
    const { door, echo } = await open();
    echo.fails = new RefusedError("NO_TRANSCODER", 501, "No.");
    expect(await problem(await door.get("/live/cam.flv"))).toEqual([501, "NO_TRANSCODER"]);
    echo.fails = new Error("secret");
    const response = await door.get("/live/cam.flv");
    expect(await response.clone().text()).not.toContain("secret");
    expect(await problem(response)).toEqual([500, "INTERNAL_ERROR"]);
  });

  test("of one address too often is answered 429", async () => {
    const { door } = await open({ limits: { requests: { perSecond: 0.1, burst: 2 } } });
    expect((await door.get("/live/cam.flv")).status).toBe(200);
    expect((await door.get("/live/cam.flv")).status).toBe(200);
    const response = await door.get("/live/cam.flv");
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(1);
    expect(await problem(response)).toEqual([429, "RATE_LIMITED"]);
  });

  test("is refused once the door is closed, and the outputs are told", async () => {
    const { door, echo } = await open();
    door.fallback.close("SERVER_CLOSING");
    expect(await problem(await door.get("/live/cam.flv"))).toEqual([503, "SERVER_CLOSING"]);
    expect(echo.closed).toEqual(["SERVER_CLOSING"]);
  });
});

describe("access", () => {
  test("is asked with everything that is known, before the stream is looked for", async () => {
    const asked: AccessRequest[] = [];
    const { door } = await open({
      access: {
        async authorize(request) {
          asked.push(request);
          throw new RefusedError("UNAUTHORIZED", 401, "No.");
        },
      },
    });
    const response = await door.get("/live/other.flv?token=T", { "User-Agent": "u".repeat(300) });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="millrace"');
    expect(await problem(response)).toEqual([401, "UNAUTHORIZED"]);
    expect(asked).toEqual([
      {
        ...{ host: expect.stringMatching(/^127/), id: expect.any(String) },
        action: "play",
        stream: "live/other",
        token: "T",
        address: "127.0.0.1",
        transport: "http-flv",
        userAgent: "u".repeat(256),
      },
    ]);
  });

  test("tokens are as long as the limit at most", async () => {
    const { door } = await open({ limits: { maxTokenLength: 8 } });
    expect((await door.get(`/live/cam.flv?token=${"x".repeat(8)}`)).status).toBe(200);
    const response = await door.get(`/live/cam.flv?token=${"x".repeat(9)}`);
    expect(await problem(response)).toEqual([400, "TOKEN_TOO_LONG"]);
  });
});

describe("pages of other origins", () => {
  const origin = "https://player.example";

  test("may read everything when all origins are allowed", async () => {
    const { door } = await open();
    for (const path of ["/live/cam.flv", "/live/other.flv"]) {
      const { headers } = await door.get(path, { Origin: origin });
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
      expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("that are listed get the exact origin and may send credentials", async () => {
    const { door } = await open({ origins: [origin] });
    const { headers } = await door.get("/live/cam.flv", { Origin: origin });
    expect(headers.get("access-control-allow-origin")).toBe(origin);
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    expect(headers.get("vary")).toBe("Origin");
    const other = await door.get("/live/cam.flv", { Origin: "https://evil.example" });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("vary")).toBe("Origin");
  });

  test("ask before they send headers of their own", async () => {
    const { door } = await open();
    const headers = { Origin: origin, "Access-Control-Request-Method": "GET" };
    const response = await door.get("/live/cam.flv", headers, "OPTIONS");
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, HEAD, OPTIONS");
    expect(response.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect(response.headers.get("access-control-allow-headers")).toContain("Icy-MetaData");
  });
});

describe("a request to upgrade", () => {
  const upgrade = (path: string, more = "") =>
    `GET ${path} HTTP/1.1\r\nHost: gateway.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;
  const answer = async (door: TestDoor, bytes: string) => {
    const received = new Received(await door.raw(bytes));
    await received.untilEnd();
    return received.text;
  };

  class Upgraded extends Echo {
    upgrade(visit: Visit, socket: import("node:stream").Duplex): void {
      socket.end(`upgraded ${visit.stream.name} ${visit.rest}`);
    }
  }

  test("is handed over; the base path is still on it", async () => {
    const { door } = await open({ outputs: [new Upgraded()], basePath: "/gw" });
    expect(await answer(door, upgrade("/gw/live/cam.flv"))).toBe("upgraded live/cam ");
    expect(await answer(door, upgrade("/live/cam.flv"))).toBe("");
    expect(await answer(door, upgrade("/gw/live/cam"))).toBe("");
  });

  test("asks access as ws-flv", async () => {
    const transports: string[] = [];
    const access = {
      authorize: async (asked: AccessRequest) => void transports.push(asked.transport),
    };
    const { door } = await open({ outputs: [new Upgraded()], access });
    await answer(door, upgrade("/live/cam.flv"));
    expect(transports).toEqual(["ws-flv"]);
  });

  test.each([
    ["/live/cam.flv", "Origin: https://evil.example\r\n", "403 Forbidden", "ORIGIN_FORBIDDEN"],
    ["/live/other.flv", "", "404 Not Found", "STREAM_NOT_FOUND"],
    ["/a/b/c/d.flv", "", "400 Bad Request", "STREAM_NAME_INVALID"],
  ])("%s %j is answered %s", async (path, headers, status, code) => {
    const { door } = await open({ outputs: [new Upgraded()], origins: [] });
    const text = await answer(door, upgrade(path, headers));
    expect(text.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    expect(text).toContain("Connection: close\r\n");
    expect(text).toContain("Content-Type: application/problem+json\r\n");
    const [head = "", body = ""] = text.split("\r\n\r\n");
    expect(head).toContain(`Content-Length: ${body.length}`);
    expect(JSON.parse(body)).toMatchObject({ code });
  });

  test("that an output does not take is told to come without", async () => {
    const { door } = await open();
    const text = await answer(door, upgrade("/live/cam.flv"));
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(text).toContain("Upgrade: HTTP/1.1\r\n");
    expect(text).toContain("UPGRADE_UNSUPPORTED");
  });
});

test("two outputs cannot share a suffix", () => {
  expect(() => new TestDoor({ outputs: [new Echo(), new Echo()] })).toThrow(
    "two outputs answer .flv",
  );
});

test("a viewer is counted with what the door knows of it", async () => {
  const { door, echo } = await open();
  await door.get("/live/cam.flv", { "User-Agent": "tester" });
  const visit = echo.visits[0];
  const viewer = visit?.addViewer("http-flv", { id: "one" });
  const stream = door.registry.get("live/cam");
  expect(stream?.viewers.get("one")?.info).toMatchObject({
    transport: "http-flv",
    address: "127.0.0.1",
    userAgent: "tester",
  });
  viewer?.close();
  expect(stream?.viewers.size).toBe(0);
});
