import { afterEach, describe, expect, test } from "vitest";
import type { Access } from "../core/ports.ts";
import type { FrontOptions } from "./front.ts";
import { FakeAccess } from "./test-access.ts";
import { type Answer, type Asked, askAt, formType as form } from "./test-browser.ts";
import { type Rig, type RigOptions, startRig } from "./test-rig.ts";

const password = "may-i-watch-this";
const passwords = {
  live: [password, "a&b=c%20d+e f"],
  club: ["club-password"],
  shut: [],
};
const access = new FakeAccess(passwords, ["studio-token"]);

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(front: Partial<FrontOptions> = {}, more: RigOptions = {}): Promise<Rig> {
  rig = await startRig({ ...more, front: { access, ...front } });
  return rig;
}

const ask = (...asked: Asked): Promise<Answer> => askAt(rig?.url ?? "", ...asked);
const send = (value: string, headers: Record<string, string> = {}, path = "/live/cam") =>
  ask(path, headers, `password=${encodeURIComponent(value)}`);
const codeOf = ({ text }: Answer): string => (JSON.parse(text) as { code: string }).code;

describe("the page of a stream that needs a token (row 9)", () => {
  test.each(["/live/cam", "/embed/live/cam", "/live/cam?token=wrong"])(
    "%s is a form that works without scripts",
    async (path) => {
      await start();
      const { status, headers, text } = await ask(path);
      expect(status).toBe(401);
      expect(headers["www-authenticate"]).toBe('Bearer realm="millrace"');
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["referrer-policy"]).toBe("same-origin");
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["content-security-policy"]).toContain("form-action 'self'");
      expect(text).toContain(`<form method="post" action="${path.split("?")[0]}">`);
      expect(text).toMatch(/<input [^>]*name="password" type="password"/);
      expect(text).not.toContain("<script");
      expect(text).not.toContain("alert");
      expect((await ask(path, {}, undefined, "HEAD")).status).toBe(401);
    },
  );

  test("is the player for whoever shows the token, and where none is needed or none would help", async () => {
    await start();
    for (const path of [`/live/cam?token=${password}`, "/any/cam", "/shut/cam", "/embed/any/cam"]) {
      const { status, text } = await ask(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain("password");
    }
    const bearer = { Authorization: `Bearer ${password}` };
    expect((await ask("/live/cam", bearer)).status).toBe(200);
  });

  test("in a frame is the player when the page around it hands the token over", async () => {
    await start();
    expect((await ask("/embed/live/cam?login=0")).status).toBe(200);
    expect((await ask("/live/cam?login=0")).status).toBe(401);
  });

  test("may be framed as the player may", async () => {
    await start({ frameAncestors: "https://partner.example" });
    const policy = async (path: string) => (await ask(path)).headers["content-security-policy"];
    expect(await policy("/embed/live/cam")).toContain("frame-ancestors https://partner.example");
    expect(await policy("/live/cam")).toContain("frame-ancestors 'self'");
  });

  test("stays the player where the access seam gives no passes", async () => {
    const { authorize } = access;
    await start({ access: { authorize: (asked) => authorize.call(access, asked) } });
    expect((await ask("/live/cam")).status).toBe(200);
    const { status, headers } = await send(password);
    expect([status, headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("never shows what the address says as markup", async () => {
    await start();
    const { text } = await ask('/live/cam?a="><script>alert(1)</script>&token=x');
    expect(text).not.toContain("<script>");
    expect(text).not.toContain('a="');
  });
});

describe("the right password", () => {
  test("leads back to the page, with a cookie that opens it and does not tell the password", async () => {
    await start();
    const sent = await send(password);
    expect([sent.status, sent.headers.location, sent.text]).toEqual([303, "/live/cam", ""]);
    expect(sent.headers["cache-control"]).toBe("no-store");
    expect(sent.setCookies).toHaveLength(1);
    expect(sent.setCookies[0]).toMatch(
      /^millrace_pass=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/,
    );
    expect(JSON.stringify(sent.headers)).not.toContain(password);
    const page = await ask("/live/cam", { Cookie: sent.cookies });
    expect(page.status).toBe(200);
    expect(page.text).toContain("watch");
    expect((await ask("/live/other", { Cookie: sent.cookies })).status).toBe(200);
    expect((await ask("/live/cam", { Cookie: `${sent.cookies}x` })).status).toBe(401);
    const api = { Cookie: sent.cookies, "X-Forwarded-For": "203.0.113.9" };
    expect((await ask("/api/v1/streams/live/cam", api)).status).toBe(200);
  });

  test("of any characters", async () => {
    await start();
    expect((await send("a&b=c%20d+e f")).status).toBe(303);
    expect((await send(` ${password}\n`)).status).toBe(303);
  });

  test("keeps the rest of the query, without the token", async () => {
    await start();
    const { headers } = await send(password, {}, "/embed/live/cam?muted=1&token=old&x=%22%3E");
    expect(headers.location).toBe("/embed/live/cam?muted=1&x=%22%3E");
    const again = await ask("/live/cam?muted=1&token=old");
    expect(again.text).toContain('action="/live/cam?muted=1"');
  });

  test("never leads elsewhere", async () => {
    await start({}, { trustProxy: ["loopback"] });
    for (const path of ["/live/cam?next=//evil.example", "/live/cam?https://evil.example"]) {
      const { headers } = await send(password, { "X-Forwarded-Prefix": "//evil.example" }, path);
      expect(headers.location).toMatch(/^\/live\/cam(\?|$)/);
    }
    for (const path of ["//evil.example/live/cam", "/%2F%2Fevil.example", "/live/%0d%0aX:y"]) {
      const { status, headers } = await send(password, {}, path);
      expect([status, headers.location]).toEqual([400, undefined]);
    }
  });

  test("behind a proxy with TLS and a prefix sets a cookie for those", async () => {
    await start({ basePath: "/video" }, { trustProxy: ["loopback"] });
    const proxied = {
      Host: "internal:8080",
      Origin: "https://public.example",
      "X-Forwarded-Host": "public.example",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Prefix": "/gw",
    };
    const page = await send(password, proxied, "/video/live/cam");
    expect([page.status, page.headers.location]).toEqual([303, "/gw/video/live/cam"]);
    expect(page.setCookies[0]).toMatch(
      /; Path=\/gw\/video; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/,
    );
    const frame = await send(password, proxied, "/video/embed/live/cam");
    expect(frame.setCookies[0]).toMatch(/; HttpOnly; SameSite=None; Partitioned; Secure$/);
  });

  test("where none is needed leads back without a cookie", async () => {
    await start();
    const { status, setCookies } = await send("anything", {}, "/any/cam");
    expect([status, setCookies]).toEqual([303, []]);
  });

  test("adds to the streams that are open already", async () => {
    await start();
    const first = await send(password);
    const second = await send("club-password", { Cookie: first.cookies }, "/club/hall");
    for (const path of ["/live/cam", "/club/hall"]) {
      expect((await ask(path, { Cookie: second.cookies })).status).toBe(200);
    }
    expect((await ask("/club/hall", { Cookie: first.cookies })).status).toBe(401);
  });
});

describe("what is not right", () => {
  test.each([["wrong"], [""], ["studio-token"], [`${password}x`], ["x".repeat(1025)]])(
    "the password %j gets 401 and the form with one and the same message",
    async (wrong) => {
      await start();
      const { status, text, setCookies } = await send(wrong);
      expect([status, setCookies]).toEqual([401, []]);
      expect(text).toContain('<p role="alert">That is not the password.</p>');
      expect(text).not.toContain("studio");
    },
  );

  test.each([
    [{ Origin: "https://evil.example" }],
    [{ Origin: "null" }],
    [{ Referer: "https://evil.example/live/cam" }],
    [{ Referer: "about:blank" }],
    [{ "Sec-Fetch-Site": "cross-site" }],
    [{ "Sec-Fetch-Site": "same-site" }],
    [{ "Sec-Fetch-Site": "none", Origin: "https://evil.example" }],
  ])("a form of another site is refused: %j", async (headers) => {
    await start({}, { origins: ["https://evil.example"] });
    const answer = await send(password, headers as Record<string, string>);
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([
      403,
      "ORIGIN_FORBIDDEN",
      [],
    ]);
  });

  test("a form of our own pages is taken", async () => {
    await start({ ownHosts: new Set(["video.example"]) });
    for (const headers of [
      { Origin: rig?.url ?? "" },
      { Referer: `${rig?.url}/live/cam?x=1` },
      { Origin: "https://video.example" },
      { "Sec-Fetch-Site": "same-origin", Origin: "https://rewritten.example" },
    ]) {
      expect((await send(password, headers)).status).toBe(303);
    }
  });

  test("a body larger than the limit is 413, one at the limit is read", async () => {
    await start({ loginLimits: { maxLoginBytes: 100 } });
    const filled = `password=${password}&x=`;
    const fit = filled.padEnd(100, "y");
    expect((await ask("/live/cam", {}, fit)).status).toBe(303);
    const answer = await ask("/live/cam", {}, `${fit}y`);
    expect([answer.status, codeOf(answer)]).toEqual([413, "BODY_TOO_LARGE"]);
  });

  test.each([
    ["application/json", '{"password":"x"}', 415, "CONTENT_TYPE_UNSUPPORTED"],
    ["multipart/form-data; boundary=x", "--x--", 415, "CONTENT_TYPE_UNSUPPORTED"],
    [form, "user=x", 400, "REQUEST_INVALID"],
    [form, "password=a&password=b", 400, "REQUEST_INVALID"],
    [form, "&".repeat(20), 413, "REQUEST_INVALID"],
  ])("a body of %s, %s is %i %s", async (type, body, status, code) => {
    await start();
    const answer = await ask("/live/cam", { "Content-Type": type }, body);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  test("a stream that nobody may watch is said to be so", async () => {
    await start();
    const { status } = await send(password, {}, "/shut/cam");
    expect(status).toBe(401);
  });

  test.each(["/", "/player.js", "/publish/live/cam", "/api/v1/server", "/live/cam.json", "/embed"])(
    "there is no form at %s",
    async (path) => {
      await start();
      expect([404, 405]).toContain((await send(password, {}, path)).status);
    },
  );
});

describe("cookies alone (CSRF)", () => {
  test("are no administrator's", async () => {
    const token = "admin-token";
    const admin: Access = {
      authorize: async () => {},
      logIn: async () => ({ pass: token, maxAgeSeconds: 60 }),
    };
    await start({ access: admin }, { trustProxy: [] });
    const outside = { "X-Forwarded-For": "203.0.113.9" };
    const ask401 = async (headers: Record<string, string>) =>
      (await ask("/api/v1/server", { ...outside, ...headers })).status;
    expect(await ask401({ Authorization: `Bearer ${token}` })).toBe(200);
    expect(await ask401({ Cookie: `millrace_pass=${token}` })).toBe(403);
  });
});
