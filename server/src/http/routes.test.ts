import { request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefusedError } from "../core/errors.ts";
import { FakeAdmin } from "./test-admin.ts";
import { type Rig, startRig, watchPage } from "./test-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

async function problem(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const document = (await response.json()) as { code: string; status: number };
  expect(document.status).toBe(response.status);
  return `${response.status} ${document.code}`;
}

/** The answer as it is on the wire, not decompressed. */
function plainGet(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    httpRequest(rig.url + path, { headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

describe("addresses", () => {
  it.each([
    ["/", 200, "text/html; charset=utf-8"],
    ["/live/cam", 200, "text/html; charset=utf-8"],
    ["/any/stream/name", 200, "text/html; charset=utf-8"],
    ["/live/cam?token=x", 200, "text/html; charset=utf-8"],
    ["/live/c.a_m-1+x", 200, "text/html; charset=utf-8"],
    ["/embed/live/cam", 200, "text/html; charset=utf-8"],
    ["/publish", 200, "text/html; charset=utf-8"],
    ["/publish/live/cam", 200, "text/html; charset=utf-8"],
    ["/doctor?stream=live/cam", 200, "text/html; charset=utf-8"],
    ["/capacity", 200, "text/html; charset=utf-8"],
    ["/player.js", 200, "text/javascript; charset=utf-8"],
    ["/assets/player-abc123.css", 200, "text/css; charset=utf-8"],
    ["/healthz", 200, "application/json"],
    ["/readyz", 200, "application/json"],
    ["/api/v1/server", 200, "application/json"],
    ["/api/v1/streams", 200, "application/json"],
    ["/api/v1/streams/live/cam", 200, "application/json"],
  ])("%s: %i", async (path, status, type) => {
    const response = await rig.get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(type);
    const body = await response.arrayBuffer();
    expect(body.byteLength).toBeGreaterThan(0);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("x-powered-by")).toBeNull();
    const head = await rig.get(path, {}, "HEAD");
    expect(head.status).toBe(status);
    expect(await head.text()).toBe("");
  });

  it.each([
    ["/api", "404 NOT_FOUND"],
    ["/api/v1/nothing", "404 NOT_FOUND"],
    ["/api/v1/streams/live/none", "404 STREAM_NOT_FOUND"],
    ["/api/v1/streams/..%2f..%2fetc", "400 STREAM_NAME_INVALID"],
    ["/live/cam.flv", "404 NOT_FOUND"],
    ["/live/cam.m3u8", "404 NOT_FOUND"],
    ["/favicon.ico", "404 NOT_FOUND"],
    ["/whep/live/cam", "404 NOT_FOUND"],
    ["/admin/", "404 NOT_FOUND"],
    ["/assets/none.js", "404 NOT_FOUND"],
    ["/embed/", "404 NOT_FOUND"],
    ["/embed/a/b/c/d", "400 STREAM_NAME_INVALID"],
    ["/publish/a/b/c/d", "400 STREAM_NAME_INVALID"],
    ["/a/b/c/d", "400 STREAM_NAME_INVALID"],
    ["/live/%3Cscript%3E", "400 STREAM_NAME_INVALID"],
    ["/live/%zz", "400 REQUEST_INVALID"],
    ["/watch.html", "404 NOT_FOUND"],
  ])("%s: %s", async (path, expected) => {
    expect(await problem(await rig.get(path))).toBe(expected);
  });

  it("never leaves the folder of the site", async () => {
    for (const path of ["/../package.json", "/assets/../../package.json", "/%2e%2e/package.json"]) {
      const answer = await rig.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 (400|404) /);
    }
  });

  it("refuses other methods with 405 and says which ones there are", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const response = await rig.get("/live/cam", {}, method);
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(await problem(response)).toBe("405 METHOD_NOT_ALLOWED");
    }
  });

  it("says when the pages are not built, and serves the rest", async () => {
    const bare = await startRig({ withoutSite: true });
    expect(await problem(await bare.get("/live/cam"))).toBe("503 PLAYER_NOT_BUILT");
    expect((await bare.get("/healthz")).status).toBe(200);
    await bare.close();
  });
});

describe("answers", () => {
  it("have entity tags and become 304 (row 16)", async () => {
    for (const path of ["/api/v1/streams", "/live/cam", "/player.js", "/api/v1/streams/live/cam"]) {
      const first = await rig.get(path);
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^W\/".{22}"$/);
      await first.arrayBuffer();
      const second = await rig.get(path, { "If-None-Match": `"other", ${etag}` });
      expect(second.status).toBe(304);
      expect(second.headers.get("etag")).toBe(etag);
      expect(await second.text()).toBe("");
      const third = await rig.get(path, { "If-None-Match": '"other"' });
      expect(third.status).toBe(200);
      await third.arrayBuffer();
    }
  });

  it("are compressed for whoever takes that (row 7), with exact lengths (row 4)", async () => {
    const plain = await plainGet("/live/cam", {});
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.body.toString()).toBe(watchPage);
    for (const path of ["/live/cam", "/player.js", "/api/v1/streams"]) {
      const identity = await plainGet(path, { "Accept-Encoding": "gzip;q=0, br" });
      const zipped = await plainGet(path, { "Accept-Encoding": "br, gzip;q=0.5" });
      expect(zipped.headers["content-encoding"]).toBe("gzip");
      expect(zipped.headers["vary"]).toContain("Accept-Encoding");
      expect(gunzipSync(zipped.body).equals(identity.body)).toBe(true);
      expect(zipped.body.length).toBeLessThan(identity.body.length);
      for (const answer of [identity, zipped]) {
        expect(Number(answer.headers["content-length"])).toBe(answer.body.length);
      }
    }
    const small = await plainGet("/healthz", { "Accept-Encoding": "gzip" });
    expect(small.headers["content-encoding"]).toBeUndefined();
  });

  it("may be cached when they are files, and not when they are live (row 5)", async () => {
    const control = async (path: string) => (await plainGet(path, {})).headers["cache-control"];
    expect(await control("/assets/player-abc123.css")).toBe("public, max-age=31536000, immutable");
    expect(await control("/player.js")).toContain("public, max-age=60");
    // With a cookie for this one viewer.
    expect(await control("/live/cam")).toBe("private, no-cache");
    expect(await control("/api/v1/streams")).toBe("private, no-cache");
    expect(await control("/healthz")).toBe("no-store");
    expect(await control("/none.flv")).toBe("no-store");
  });

  it("HEAD tells whoever may watch what is live", async () => {
    const live = await rig.get("/live/cam", {}, "HEAD");
    expect(live.headers.get("millrace-stream-state")).toBe("live");
    expect(live.headers.get("millrace-stream-tracks")).toBe("avc1.42e01f, opus");
    const offline = await rig.get("/live/none", {}, "HEAD");
    expect(offline.headers.get("millrace-stream-state")).toBe("offline");
    const refuse = async (): Promise<undefined> => {
      throw new RefusedError("UNAUTHORIZED", 401, "no");
    };
    const closed = await startRig({ front: { access: { authorize: refuse } } });
    const head = await closed.get("/live/cam", {}, "HEAD");
    expect([head.status, head.headers.get("millrace-stream-state")]).toEqual([200, null]);
    await closed.close();
  });

  it("pages have a policy that keeps foreign scripts out; only the embed page may be framed by others", async () => {
    const watch = (await rig.get("/live/cam")).headers.get("content-security-policy") ?? "";
    expect(watch).toContain("default-src 'none'");
    expect(watch).toContain("script-src 'self';");
    expect(watch).toContain("frame-ancestors 'self'");
    const embed = (await rig.get("/embed/live/cam")).headers.get("content-security-policy") ?? "";
    expect(embed).toContain("frame-ancestors *");
    const publish = (await rig.get("/publish")).headers.get("content-security-policy") ?? "";
    expect(publish).toContain("frame-ancestors 'self'");
  });

  it("a bug is answered 500 without telling more", async () => {
    const fail = (): never => {
      throw new Error("secret detail");
    };
    const failing = await startRig({ front: { isReady: fail } });
    const response = await failing.get("/readyz");
    const text = await response.clone().text();
    expect(text).not.toContain("secret detail");
    expect(await problem(response)).toBe("500 INTERNAL_ERROR");
    await failing.close();
  });
});

describe("cross-origin requests (row 10)", () => {
  it("are open by default", async () => {
    const response = await rig.get("/player.js", { Origin: "https://site.example" });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  });

  it("name the origin when only some are allowed", async () => {
    const some = await startRig({ origins: ["https://good.example"] });
    const allow = async (origin: string) => {
      const { headers } = await some.get("/live/cam", { Origin: origin });
      return [headers.get("access-control-allow-origin"), headers.get("vary")?.includes("Origin")];
    };
    expect(await allow("https://good.example")).toEqual(["https://good.example", true]);
    expect(await allow("https://evil.example")).toEqual([null, true]);
    await some.close();
  });

  it("preflights are answered", async () => {
    const headers = { Origin: "https://a.example", "Access-Control-Request-Method": "GET" };
    const response = await rig.get("/api/v1/streams/live/cam", headers, "OPTIONS");
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toContain("Authorization");
  });

  it("cannot read what only the caller's place allows", async () => {
    const origin = { Origin: "https://evil.example" };
    for (const path of ["/api/v1/server", "/api/v1/streams", "/api/v1/streams/live/cam"]) {
      const response = await rig.get(path, origin);
      expect(response.status).toBe(200);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      const withToken = await rig.get(path, { ...origin, Authorization: "Bearer admin-token" });
      expect(withToken.headers.get("access-control-allow-origin")).toBe("*");
    }
  });
});

describe("the API", () => {
  it.each([
    ["a proxy that nobody declared", { "X-Forwarded-For": "203.0.113.7" }],
    ["a proxy that says only that it is one", { Via: "1.1 proxy" }],
  ])("does not take %s for this machine", async (_name, headers) => {
    const response = await rig.get("/api/v1/server", headers);
    expect(await problem(response)).toBe("403 FORBIDDEN");
  });

  it("does not take a foreign host name for this machine (DNS rebinding)", async () => {
    const ask = (host: string) =>
      rig.raw(`GET /api/v1/server HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await ask("rebind.example")).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask("localhost:8080")).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask("[::1]:8080")).toMatch(/^HTTP\/1.1 200 /);
  });

  it("tells metrics to administrators", async () => {
    const told = await rig.get("/metrics");
    expect([told.status, await told.text()]).toEqual([200, "up 1\n"]);
    expect(told.headers.get("content-type")).toBe("text/plain; version=0.0.4");
    expect(await problem(await rig.get("/metrics", { Via: "1.1 proxy" }))).toBe("403 FORBIDDEN");
  });

  it("lists viewers for administrators, with what was asked for", async () => {
    const asked = await rig.get("/api/v1/viewers?stream=live/cam&limit=5&other=1");
    const query = { stream: "live/cam", limit: "5", other: "1" };
    expect(await asked.json()).toEqual({ viewers: [], query });
    const stranger = await rig.get("/api/v1/viewers", { Via: "1.1 proxy" });
    expect(await problem(stranger)).toBe("403 FORBIDDEN");
  });

  it("ends a session for administrators, and for no page of others", async () => {
    const end = (id: string, headers: Record<string, string> = {}) =>
      rig.get(`/api/v1/sessions/${id}`, headers, "DELETE");
    expect((await end("known-session")).status).toBe(204);
    expect(await problem(await end("another"))).toBe("404 SESSION_NOT_FOUND");
    expect(await problem(await end("known-session", { Via: "1.1 proxy" }))).toBe("403 FORBIDDEN");
    const asked = { Origin: "https://evil.example", "Access-Control-Request-Method": "DELETE" };
    const preflight = await rig.get("/api/v1/sessions/known-session", asked, "OPTIONS");
    expect(preflight.headers.get("access-control-allow-methods") ?? "").not.toContain("DELETE");
  });

  it("believes a proxy that is trusted", async () => {
    const admin = new FakeAdmin();
    const trusting = await startRig({ trustProxy: ["loopback"], front: { admin } });
    await trusting.get("/api/v1/server", {
      "X-Forwarded-For": "9.9.9.9, 203.0.113.7",
      "X-Forwarded-Host": "localhost",
    });
    expect(admin.seen).toMatchObject([{ address: "203.0.113.7", addressProven: true }]);
    await trusting.close();
  });

  it("shows one stream to whoever may watch it, more to administrators, and asks for a token otherwise", async () => {
    const shown: (string | undefined)[] = [];
    const guarded = await startRig({
      front: {
        admin: new FakeAdmin(false),
        access: {
          async authorize({ token }) {
            shown.push(token);
            if (token === undefined) throw new RefusedError("UNAUTHORIZED", 401, "no");
          },
        },
      },
    });
    const path = "/api/v1/streams/live/cam";
    const none = await guarded.get(path);
    expect(none.headers.get("www-authenticate")).toContain("Bearer");
    expect(await problem(none)).toBe("401 UNAUTHORIZED");
    expect(await (await guarded.get(`${path}?token=in-query`)).json()).toMatchObject({
      full: false,
    });
    expect((await guarded.get(path, { Authorization: "Bearer in-header" })).status).toBe(200);
    // Whoever shows a token is asked about once more without it: where none is needed, each is a try at an administrator's.
    expect(shown).toEqual([undefined, "in-query", undefined, "in-header", undefined]);
    expect(await (await rig.get(path)).json()).toMatchObject({ full: true });
    await guarded.close();
  });
});

describe("a path prefix (row 121)", () => {
  it("serves everything below it and nothing elsewhere, except probes", async () => {
    const rigged = await startRig({ front: { basePath: "/video" } });
    const page = await (await rigged.get("/video/live/cam")).text();
    expect(page).toContain('name="millrace-base" content="/video"');
    expect(page).toContain('src="/video/player.js"');
    expect((await rigged.get("/video")).status).toBe(200);
    expect((await rigged.get("/video/player.js")).status).toBe(200);
    expect((await rigged.get("/healthz")).status).toBe(200);
    expect(await problem(await rigged.get("/live/cam"))).toBe("404 NOT_FOUND");
    expect(await problem(await rigged.get("/videolive/cam"))).toBe("404 NOT_FOUND");
    await rigged.close();
  });

  it("is put into pages when a trusted proxy took it off, and only then", async () => {
    const prefix = { "X-Forwarded-Prefix": "/stripped" };
    const trusting = await startRig({ trustProxy: ["loopback"] });
    const page = await (await trusting.get("/live/cam", prefix)).text();
    expect(page).toContain('content="/stripped"');
    expect(page).toContain('src="/stripped/player.js"');
    await trusting.close();
    expect(await (await rig.get("/live/cam", prefix)).text()).toContain('content=""');
  });
});

describe("handlers from outside", () => {
  it("are asked first, without the base path; the routes get what they leave", async () => {
    const seen: string[] = [];
    const rigged = await startRig({
      front: {
        basePath: "/b",
        handlers: [
          async (request, response) => {
            seen.push(`${request.method} ${request.url}`);
            if (!request.url?.startsWith("/whep/")) return false;
            response.writeHead(201).end("made");
            return true;
          },
        ],
      },
    });
    expect((await rigged.get("/b/whep/live/cam", {}, "POST")).status).toBe(201);
    expect((await rigged.get("/b/live/cam")).status).toBe(200);
    expect(seen).toEqual(["POST /whep/live/cam", "GET /live/cam"]);
    await rigged.close();
  });

  it("may fail with a refusal or a bug", async () => {
    let error: Error = new RefusedError("VIEWERS_FULL", 503, "full");
    const rigged = await startRig({ front: { handlers: [() => Promise.reject(error)] } });
    const full = await rigged.get("/x");
    expect(full.headers.get("retry-after")).toBe("2");
    expect(await problem(full)).toBe("503 VIEWERS_FULL");
    error = new Error("bug");
    expect(await problem(await rigged.get("/x"))).toBe("500 INTERNAL_ERROR");
    await rigged.close();
  });
});
