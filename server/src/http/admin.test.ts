import { afterEach, describe, expect, it } from "vitest";
import { defaultLoginLimits } from "./login-door.ts";
import { FakeAdmin, fakeListeners } from "./test-admin.ts";
import { type Rig, type RigOptions, startRig } from "./test-rig.ts";

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
});

async function start(options: RigOptions = {}): Promise<Rig> {
  const front = { admin: new FakeAdmin(false), ...options.front };
  const rig = await startRig({ ...options, front });
  rigs.push(rig);
  return rig;
}

const html = { Accept: "text/html,*/*;q=0.8" };
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const basic = (text: string) => ({
  Authorization: `Basic ${Buffer.from(text).toString("base64")}`,
});
const cookie = { Cookie: "millrace_admin=admin-pass" };

const signIn = (rig: Rig, token: string, headers: Record<string, string> = {}) =>
  fetch(`${rig.url}/admin/login`, {
    method: "POST",
    headers: { ...form, ...html, ...headers },
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });

const codeOf = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { code: string }).code}`;

describe("administrators sign in", () => {
  it("and get a cookie that only our own pages show", async () => {
    const rig = await start();
    const answer = await signIn(rig, "admin-token");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("set-cookie")).toBe(
      "millrace_admin=admin-pass; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict",
    );
  });

  it("behind a proxy with TLS and a prefix", async () => {
    const rig = await start({ trustProxy: ["loopback"], front: { basePath: "/v" } });
    const answer = await fetch(`${rig.url}/v/admin/login`, {
      method: "POST",
      headers: { ...form, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/p" },
      body: "token=admin-token",
      redirect: "manual",
    });
    expect(answer.headers.get("location")).toBe("/p/v/admin");
    expect(answer.headers.get("set-cookie")).toMatch(/; Path=\/p\/v; .*; SameSite=Strict; Secure$/);
  });

  it("with a wrong token come back to the page, programs are told why", async () => {
    const rig = await start();
    const failed = await signIn(rig, "wrong");
    expect([failed.status, failed.headers.get("location")]).toEqual([
      303,
      "/admin?failed=UNAUTHORIZED",
    ]);
    expect(failed.headers.get("set-cookie")).toBeNull();
    expect(await codeOf(await signIn(rig, "wrong", { Accept: "*/*" }))).toBe("401 UNAUTHORIZED");
    expect(await codeOf(await signIn(rig, "x".repeat(5000), { Accept: "*/*" }))).toBe(
      "401 UNAUTHORIZED",
    );
    const large = await signIn(rig, "x".repeat(defaultLoginLimits.maxLoginBytes));
    expect(await codeOf(large)).toBe("413 BODY_TOO_LARGE");
  });

  it("from no page of others", async () => {
    const rig = await start();
    for (const headers of [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Referer: "https://evil.example/page" },
    ]) {
      expect(await codeOf(await signIn(rig, "admin-token", headers))).toBe("403 ORIGIN_FORBIDDEN");
    }
    for (const headers of [{ Origin: rig.url }, { "Sec-Fetch-Site": "same-origin" }]) {
      expect((await signIn(rig, "admin-token", headers)).status).toBe(303);
    }
  });

  it("and out", async () => {
    const rig = await start();
    const out = (headers: Record<string, string>) =>
      fetch(`${rig.url}/admin/logout`, { method: "POST", headers, redirect: "manual" });
    const answer = await out({});
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin"]);
    expect(answer.headers.get("set-cookie")).toContain("millrace_admin=; Path=/; Max-Age=0;");
    expect(await codeOf(await out({ Origin: "https://evil.example" }))).toBe(
      "403 ORIGIN_FORBIDDEN",
    );
  });

  it("on a page that shows nothing by itself and is in no frame", async () => {
    const rig = await start();
    const page = await rig.get("/admin", { "X-Forwarded-For": "192.0.2.1" });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("admin");
    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

describe("the cookie", () => {
  it("reads for our own pages, and for nobody else's", async () => {
    const rig = await start();
    const read = async (headers: Record<string, string>) =>
      (await rig.get("/api/v1/server", { ...cookie, ...headers })).status;
    expect(await read({})).toBe(200);
    expect(await read({ "Sec-Fetch-Site": "same-origin" })).toBe(200);
    expect(await read({ Origin: rig.url })).toBe(200);
    expect(await read({ "Sec-Fetch-Site": "same-site" })).toBe(401);
    expect(await read({ Origin: "https://evil.example" })).toBe(401);
  });

  it("changes something only where the browser says that our own page asks", async () => {
    const rig = await start();
    const end = async (headers: Record<string, string>) =>
      (await rig.get("/api/v1/sessions/known-session", { ...cookie, ...headers }, "DELETE")).status;
    expect(await end({ "Sec-Fetch-Site": "same-origin" })).toBe(204);
    expect(await end({ Origin: rig.url })).toBe(204);
    expect(await end({})).toBe(401);
    expect(await end({ "Sec-Fetch-Site": "none" })).toBe(401);
    // Not even where the place alone would do.
    const open = await start({ front: { admin: new FakeAdmin() } });
    const foreign = { Origin: "https://evil.example" };
    const ended = await open.get("/api/v1/sessions/known-session", foreign, "DELETE");
    expect(await codeOf(ended)).toBe("403 ORIGIN_FORBIDDEN");
    const withToken = { ...foreign, Authorization: "Bearer admin-token" };
    const proper = await open.get("/api/v1/sessions/known-session", withToken, "DELETE");
    expect(proper.status).toBe(204);
  });

  it("opens metrics too, but no stream to publish", async () => {
    const rig = await start();
    expect((await rig.get("/metrics", cookie)).status).toBe(200);
    expect((await rig.get("/metrics")).status).toBe(401);
  });
});

describe("tokens", () => {
  it("come as bearer, in the query and as the password of any user", async () => {
    const rig = await start();
    const read = async (path: string, headers = {}) => (await rig.get(path, headers)).status;
    expect(await read("/api/v1/server", { Authorization: "Bearer admin-token" })).toBe(200);
    expect(await read("/api/v1/server?token=admin-token")).toBe(200);
    expect(await read("/api/v1/server", basic("anybody:admin-token"))).toBe(200);
    expect(await read("/metrics", basic(":admin-token"))).toBe(200);
    expect(await read("/api/v1/server", basic("admin-token"))).toBe(401);
    expect(await read("/api/v1/server", basic("admin-token:wrong"))).toBe(401);
    expect(await read("/api/v1/server", { Authorization: "Basic %%%" })).toBe(401);
    const refused = await rig.get("/api/v1/server");
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="millrace"');
  });

  it("that are wrong cannot be tried for long; other addresses, passes and what ran out do not count", async () => {
    const rig = await start({ trustProxy: ["loopback"] });
    const ask = async (token: string, address = "203.0.113.1") =>
      await rig.get("/api/v1/server", {
        Authorization: `Bearer ${token}`,
        "X-Forwarded-For": address,
      });
    for (let at = 0; at < 30; at++) expect((await ask("expired-token")).status).toBe(401);
    for (let at = 0; at < 30; at++) expect((await ask("admin-token")).status).toBe(200);
    for (let at = 0; at < defaultLoginLimits.loginAttempts.burst; at++) {
      expect((await ask("wrong")).status).toBe(401);
    }
    const limited = await ask("admin-token");
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await codeOf(limited)).toBe("429 RATE_LIMITED");
    expect((await ask("admin-token", "203.0.113.2")).status).toBe(200);
    const byForm = await signIn(rig, "admin-token", { "X-Forwarded-For": "203.0.113.1" });
    expect(byForm.headers.get("location")).toBe("/admin?failed=RATE_LIMITED");
    const pass = { ...cookie, "X-Forwarded-For": "203.0.113.1" };
    expect((await rig.get("/api/v1/server", pass)).status).toBe(200);
  });

  it("of viewers are no wrong ones", async () => {
    const rig = await start();
    const watch = () => rig.get("/api/v1/streams/live/cam", { Authorization: "Bearer play" });
    for (let at = 0; at < 30; at++)
      expect(await (await watch()).json()).toMatchObject({ full: false });
    const admin = { Authorization: "Bearer admin-token" };
    expect((await rig.get("/api/v1/server", admin)).status).toBe(200);
  });
});

describe("where anybody may watch", () => {
  it("tokens are answered, and cannot be tried for an administrator's for long", async () => {
    const rig = await start();
    const look = async (token: string) => {
      const answer = await rig.get(`/api/v1/streams/live/cam?token=${token}`);
      return ((await answer.json()) as { readonly full: boolean }).full;
    };
    for (let at = 0; at < 30; at++) expect(await look("admin-token")).toBe(true);
    for (let at = 0; at < defaultLoginLimits.loginAttempts.burst; at++) {
      expect(await look(`wrong-${at}`)).toBe(false);
    }
    expect(await look("admin-token")).toBe(false);
    // What is for administrators alone is not closed to them by it.
    const admin = { Authorization: "Bearer admin-token" };
    expect((await rig.get("/api/v1/server", admin)).status).toBe(200);
  });
});

describe("addresses of the API", () => {
  const admin = { Authorization: "Bearer admin-token" };

  it.each([
    ["/api/v1/server", "GET, HEAD, OPTIONS"],
    ["/api/v1/sessions/known-session", "DELETE, OPTIONS"],
    ["/api/v1/streams/live/cam/publisher", "GET, HEAD, DELETE, OPTIONS"],
  ])("%s takes %s", async (path, allowed) => {
    const rig = await start();
    for (const method of ["PUT", "POST", "PATCH"]) {
      const refused = await rig.get(path, admin, method);
      expect(refused.headers.get("allow")).toBe(allowed);
      expect(await codeOf(refused)).toBe("405 METHOD_NOT_ALLOWED");
    }
    const options = await rig.get(path, {}, "OPTIONS");
    expect([options.status, options.headers.get("allow")]).toEqual([204, allowed]);
  });

  it("let pages of origins that are listed by name end sessions", async () => {
    const asked = { Origin: "https://ops.example", "Access-Control-Request-Method": "DELETE" };
    const methods = async (rig: Rig) =>
      (await rig.get("/api/v1/sessions/x", asked, "OPTIONS")).headers.get(
        "access-control-allow-methods",
      );
    expect(await methods(await start())).toBe("OPTIONS");
    expect(await methods(await start({ origins: ["https://ops.example"] }))).toBe(
      "DELETE, OPTIONS",
    );
    expect(await methods(await start({ origins: ["https://other.example"] }))).toBe("OPTIONS");
  });

  it("have HEAD wherever they have GET", async () => {
    const rig = await start();
    for (const path of ["/api/v1/server", "/api/v1/events", "/api/v1/openapi.json"]) {
      const head = await rig.get(path, admin, "HEAD");
      expect([head.status, await head.text()]).toEqual([200, ""]);
    }
    expect(fakeListeners.size).toBe(0);
  });

  it("tell events until the listener goes, or its right ends", async () => {
    const access = new FakeAdmin(false);
    const rig = await start({ front: { admin: access } });
    const stop = new AbortController();
    const events = await fetch(`${rig.url}/api/v1/events`, {
      headers: { ...admin, "Last-Event-ID": "0" },
      signal: stop.signal,
    });
    expect(events.headers.get("content-type")).toBe("text/event-stream");
    const reader = events.body?.getReader();
    let text = "";
    while (!text.includes('data: {"after":"0"}')) {
      text += new TextDecoder().decode((await reader?.read())?.value);
    }
    expect(text).toMatch(/^retry: 2000\n\nid: 1\ndata: /);
    expect(fakeListeners.size).toBe(1);
    stop.abort();
    await expect.poll(() => fakeListeners.size, { timeout: 10_000 }).toBe(0);
    access.right = { expiresWallMs: Date.now() + 100 };
    // Ends by itself.
    await (await rig.get("/api/v1/events", admin)).text();
  });

  it("tell nothing to a listener who went before it was let in", async () => {
    const access = new FakeAdmin(false);
    let letIn = (): void => {};
    const asked = new Promise<void>((resolve) => {
      access.authorize = () => {
        resolve();
        return new Promise((right) => {
          letIn = () => right({});
        });
      };
    });
    const rig = await start({ front: { admin: access } });
    const stop = new AbortController();
    const { signal } = stop;
    const gone = fetch(`${rig.url}/api/v1/events`, { headers: admin, signal }).catch(() => "gone");
    await asked;
    stop.abort();
    expect(await gone).toBe("gone");
    await expect.poll(() => rig.http.connections, { timeout: 10_000 }).toBe(0);
    letIn();
    await new Promise((resolve) => setImmediate(resolve));
    expect(fakeListeners.size).toBe(0);
  });

  it("cut off a listener who takes too little", async () => {
    const rig = await start();
    const socket = await rig.connect();
    socket.pause();
    socket.write(
      "GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer admin-token\r\n\r\n",
    );
    await expect.poll(() => fakeListeners.size, { timeout: 10_000 }).toBe(1);
    const [listener] = fakeListeners;
    const data = "x".repeat(65_536);
    for (let at = 0; at < 2000 && fakeListeners.size > 0; at++) {
      listener?.tell(String(at), data);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(fakeListeners.size).toBe(0);
    socket.destroy();
  });
});
