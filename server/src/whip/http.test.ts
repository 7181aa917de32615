import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRig, offerSdp, type Rig } from "./test-rig.ts";

const sdpType = { "Content-Type": "application/sdp" };

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

async function reopen(options: Parameters<typeof createRig>[0]): Promise<void> {
  await rig.close();
  rig = await createRig(options);
}

describe("verbs", () => {
  const endpoint = "OPTIONS, GET, HEAD, POST";
  const session = "OPTIONS, GET, HEAD, PATCH, DELETE";

  test.each(["GET", "HEAD"])(
    "%s finds an endpoint, whether the stream is live or not",
    async (method) => {
      await rig.ask(method, "/whip/live/none").then(({ status }) => expect(status).toBe(200));
      const { status, headers, text } = await rig.ask(method, "/whep/live/none");
      expect([status, text]).toEqual([200, ""]);
      expect(headers.get("content-type")).toBe("application/sdp");
      expect(headers.get("accept-post")).toBe("application/sdp");
      expect(rig.gateway.sessions).toHaveLength(0);
    },
  );

  test.each(["GET", "HEAD"])("%s of a session tells its ETag", async (method) => {
    const { path, etag } = await rig.join();
    const { status, headers, text } = await rig.ask(method, path);
    expect([status, text, headers.get("etag")]).toEqual([200, "", etag]);
  });

  test.each([
    ["PUT", "/whep/live/cam", endpoint],
    ["PATCH", "/whep/live/cam", endpoint],
    ["DELETE", "/whep/live/cam", endpoint],
    ["PUT", "SESSION", session],
    ["POST", "SESSION", session],
    ["POST", "/whep/sessions/none", session],
    ["GET", "/rtc/v1/play/", "OPTIONS, POST"],
    ["GET", "/rtc/v1/whep/?app=live&stream=cam", "OPTIONS, POST, DELETE"],
    ["GET", "/rtc/v1/publish/", "OPTIONS, POST"],
    ["PATCH", "/rtc/v1/whip/?app=live&stream=cam", "OPTIONS, POST, DELETE"],
    ["PUT", "/whip/live/cam", endpoint],
    ["DELETE", "/whip/live/cam", endpoint],
    ["POST", "/whip/sessions/none", session],
  ])("%s %s is not allowed", async (method, path, allow) => {
    const target = path === "SESSION" ? (await rig.join()).path : path;
    const { status, headers, code } = await rig.ask(method, target);
    expect([status, headers.get("allow"), code]).toEqual([405, allow, "METHOD_NOT_ALLOWED"]);
  });

  test.each([
    ["/whep/live/cam", endpoint, "accept-post", "application/sdp"],
    ["/whip/live/cam", endpoint, "accept-post", "application/sdp"],
    ["/whip/sessions/none", session, "accept-patch", "application/trickle-ice-sdpfrag"],
    ["/rtc/v1/whip/", "OPTIONS, POST, DELETE", "accept-post", "application/sdp"],
    ["/rtc/v1/publish/", "OPTIONS, POST", "content-length", "0"],
    ["/whep/sessions/none", session, "accept-patch", "application/trickle-ice-sdpfrag"],
    ["/rtc/v1/whep/", "OPTIONS, POST, DELETE", "accept-post", "application/sdp"],
    ["/rtc/v1/play/", "OPTIONS, POST", "content-length", "0"],
  ])("OPTIONS %s", async (path, allow, name, value) => {
    const { status, headers, text } = await rig.ask("OPTIONS", path);
    expect([status, text]).toEqual([200, ""]);
    expect(headers.get("allow")).toBe(allow);
    expect(headers.get("access-control-allow-methods")).toBe(allow);
    expect(headers.get(name)).toBe(value);
    expect(headers.get("link")).toBeNull();
  });

  test.each([
    "/",
    "/whep",
    "/whepx/live/cam",
    "/whip",
    "/whipx/live/cam",
    "/rtc/v1/",
    "/rtc/v1/nack/",
    "/live/cam",
  ])("%s is not ours", async (path) => {
    expect((await rig.ask("POST", path)).text).toBe("not ours");
  });
});

describe("row 10: pages of other sites", () => {
  const page = { Origin: "https://player.example" };

  test("may use us and read what they need", async () => {
    const preflight = await rig.ask("OPTIONS", "/whep/live/cam", {
      ...page,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type",
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe(
      "Authorization, Content-Type, If-Match",
    );
    const { status, headers } = await rig.ask(
      "POST",
      "/whep/live/cam",
      { ...sdpType, ...page },
      offerSdp,
    );
    expect(status).toBe(201);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    for (const name of ["ETag", "Link", "Location", "Accept-Post", "Accept-Patch", "Retry-After"]) {
      expect(headers.get("access-control-expose-headers")?.split(", ")).toContain(name);
    }
  });

  test("read refusals too", async () => {
    const { status, headers } = await rig.ask("POST", "/whep/live/cam", page, offerSdp);
    expect([status, headers.get("access-control-allow-origin")]).toEqual([415, "*"]);
  });

  test("when they are listed, get their exact origin echoed and may bring credentials", async () => {
    await reopen({ origins: ["https://player.example"] });
    const { status, headers } = await rig.ask(
      "POST",
      "/whep/live/cam",
      { ...sdpType, ...page },
      offerSdp,
    );
    expect(status).toBe(201);
    expect(headers.get("access-control-allow-origin")).toBe("https://player.example");
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    expect(headers.get("vary")).toBe("Origin");
  });

  test.each([
    ["POST", "/whep/live/cam"],
    ["PATCH", "/whep/sessions/none"],
    ["DELETE", "/whep/sessions/none"],
    ["POST", "/rtc/v1/whep/?app=live&stream=cam"],
    ["POST", "/whip/live/cam"],
    ["DELETE", "/whip/sessions/none"],
    ["POST", "/rtc/v1/whip/?app=live&stream=cam"],
  ])("when they are not listed, %s %s is forbidden", async (method, path) => {
    await reopen({ origins: ["https://other.example"] });
    const { status, headers, code } = await rig.ask(
      method,
      path,
      { ...sdpType, ...page },
      offerSdp,
    );
    expect([status, code]).toEqual([403, "ORIGIN_FORBIDDEN"]);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("vary")).toBe("Origin");
    expect(rig.gateway.sessions).toHaveLength(0);
  });

  test("our own pages need no list", async () => {
    await reopen({ origins: [] });
    const own = { ...sdpType, Origin: rig.url };
    expect((await rig.ask("POST", "/whep/live/cam", own, offerSdp)).status).toBe(201);
  });
});

describe("row 121: under a path prefix", () => {
  test("Location begins with the configured base path", async () => {
    await reopen({ basePath: "/gateway" });
    const { path } = await rig.join();
    expect(path).toMatch(/^\/gateway\/whep\/sessions\//);
  });

  test("and with the prefix that a trusted proxy took off; nobody else's", async () => {
    await reopen({ trustProxy: ["loopback"] });
    const headers = { ...sdpType, "X-Forwarded-Prefix": "/outer" };
    const trusted = await rig.ask("POST", "/whep/live/cam", headers, offerSdp);
    expect(trusted.headers.get("location")).toMatch(/^\/outer\/whep\/sessions\//);
    await reopen({});
    const untrusted = await rig.ask("POST", "/whep/live/cam", headers, offerSdp);
    expect(untrusted.headers.get("location")).toMatch(/^\/whep\/sessions\//);
  });
});

describe("on the wire", () => {
  const post = (path: string, more = ""): string =>
    `POST ${path} HTTP/1.1\r\nHost: gw\r\nContent-Type: application/sdp\r\n${more}Content-Length: ${offerSdp.length}\r\n\r\n${offerSdp}`;

  test("row 3: POST, PATCH and DELETE reuse one connection, also after refusals", async () => {
    const wrongType = post("/whep/live/cam").replace("application/sdp", "text/plain");
    const first = await rig.raw([wrongType, post("/whep/live/cam")], /answer:v=0.*a=recvonly\r\n/s);
    const { path, etag } = await rig.join();
    const before = rig.connections();
    const patch = `PATCH ${path} HTTP/1.1\r\nHost: gw\r\nIf-Match: ${etag}\r\nContent-Type: application/trickle-ice-sdpfrag\r\nContent-Length: 0\r\n\r\n`;
    const remove = `DELETE ${path} HTTP/1.1\r\nHost: gw\r\n\r\n`;
    const text = await rig.raw(
      [post("/whep/live/other"), patch, remove, remove],
      /SESSION_NOT_FOUND/,
    );
    expect(first.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 415", "HTTP/1.1 201"]);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual([
      "HTTP/1.1 201",
      "HTTP/1.1 204",
      "HTTP/1.1 200",
      "HTTP/1.1 404",
    ]);
    expect(rig.connections()).toBe(before + 1);
  });

  test("row 4: a request that comes byte by byte is understood; the body has its stated length", async () => {
    const text = await rig.raw([...post("/whep/live/cam")], /answer:v=0.*a=recvonly\r\n/s);
    const [head = "", ...body] = text.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1.1 201 Created\r\n/);
    expect(Number(/^Content-Length: (\d+)$/m.exec(head)?.[1])).toBe(body.join("\r\n\r\n").length);
    // OBS wants the space, and finds the address relative to the endpoint.
    expect(head).toMatch(/^Location: \/whep\/sessions\/[\w-]{22}$/m);
    expect(head).toMatch(/^Cache-Control: no-store$/m);
  });

  test("each ICE server has a Link line of its own", async () => {
    rig.gateway.iceServers = [{ urls: ["stun:192.0.2.1", "stun:192.0.2.2"] }];
    const text = await rig.raw([post("/whep/live/cam")], /answer/);
    expect(text.match(/^Link: .*$/gm)).toEqual([
      'Link: <stun:192.0.2.1>; rel="ice-server"',
      'Link: <stun:192.0.2.2>; rel="ice-server"',
    ]);
  });

  test("row 2: a request without Host is refused", async () => {
    const text = await rig.raw(["GET /whep/live/cam HTTP/1.1\r\n\r\n"], /never/);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  test("an offer in chunks is taken, with and without asking first", async () => {
    const head = "POST /whep/live/cam HTTP/1.1\r\nHost: gw\r\nContent-Type: application/sdp\r\n";
    const chunk = `${offerSdp.length.toString(16)}\r\n${offerSdp}\r\n0\r\n\r\n`;
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`;
    expect(await rig.raw([chunked], /answer/)).toMatch(/^HTTP\/1.1 201 /);
    const asking = post("/whep/live/cam", "Expect: 100-continue\r\n");
    expect(await rig.raw([asking], /answer/)).toMatch(/^HTTP\/1.1 100 .*HTTP\/1.1 201 /s);
  });
});
