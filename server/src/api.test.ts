import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type ApiParts, apiOperations, Documents, EventFeed, SrsDocuments } from "./api/index.ts";
import { eventSchema } from "./api/schemas/events.ts";
import { problemSchema } from "./api/schemas/problem.ts";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { Registry, silentLog, systemClock } from "./core/index.ts";

type Json = Record<string, unknown>;

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Json; readonly responses: Record<string, Json> };
}
interface OperationObject {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Json>>;
}

const token = { Authorization: "Bearer admin-token" };
let gateway: Gateway;
let site: string;
let description: Description;

async function start(args: readonly string[] = []): Promise<Gateway> {
  const hosts = ["http", "rtmp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...hosts,
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
      ...["--auth-admin-tokens=admin-token", "--shutdown-drain-seconds=1", ...args],
    ],
    readFile: () => "",
  });
  const made = await createGateway(config, { log: silentLog });
  await made.start();
  return made;
}

const siteOf = (one: Gateway): string => `http://127.0.0.1:${one.addresses().http?.port}`;

beforeAll(async () => {
  gateway = await start();
  site = siteOf(gateway);
  description = (await (await fetch(`${site}/api/v1/openapi.json`)).json()) as Description;
});
afterAll(() => gateway.close());

const registry = new Registry({ clock: systemClock, log: silentLog });
/** With the schemas that the description is made from; they are not asked. */
const operations = apiOperations({
  documents: new Documents(registry, {} as ConstructorParameters<typeof Documents>[1]),
  events: new EventFeed(() => 0),
  history: { document: () => ({}) } as unknown as ApiParts["history"],
  srs: new SrsDocuments(registry, systemClock, "1.2.3"),
  srsStreams: false,
});

/** The operation that a request is one of. */
function operationOf(method: string, path: string): OperationObject | undefined {
  const found = Object.entries(description.paths)
    .filter(([, methods]) => methods[method.toLowerCase()] !== undefined)
    .filter(([template]) => {
      const source = template.replace("{name}", ".+").replaceAll(/\{\w+\}/g, "[^/]+");
      return new RegExp(`^${source}$`).test(path);
    })
    // What ends like it is more exact than a name with slashes.
    .sort(([a], [b]) => b.length - a.length);
  return found[0]?.[1][method.toLowerCase()];
}

/** What the description says of an answer, with what it refers to put in its place. */
function schemaOf(operation: OperationObject, status: number, type: string): z.ZodType {
  const response = operation.responses[status] ?? {};
  const name =
    String(response["$ref"] ?? "")
      .split("/")
      .at(-1) ?? "";
  const { content } = (description.components.responses[name] ?? response) as {
    readonly content: Record<string, { readonly schema: Json }>;
  };
  const { schema } = content[type] ?? {};
  if (schema === undefined) throw new Error(`${status} ${type} is not described`);
  const definitions = JSON.stringify({ ...schema, $defs: description.components.schemas });
  return z.fromJSONSchema(
    JSON.parse(
      definitions.replaceAll("#/components/schemas/", "#/$defs/"),
    ) as z.core.JSONSchema.JSONSchema,
  );
}

function manyStreams(count: number): string {
  return `streams=${Array.from({ length: count }, (_, at) => `a${at}`).join(",")}`;
}

async function ask(method: string, path: string, headers: Record<string, string> = token) {
  const response = await fetch(site + path, { method, headers });
  return { status: response.status, response, type: response.headers.get("content-type") ?? "" };
}

/** Asks, and holds the answer against the description. */
async function checked(
  method: string,
  path: string,
  headers?: Record<string, string>,
): Promise<Json> {
  const { status, response, type } = await ask(method, path, headers);
  const operation = operationOf(method, path.split("?")[0] ?? "");
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(status));
  if (status === 204 || status === 304) return {};
  const body = (await response.json()) as Json;
  const result = schemaOf(operation, status, type).safeParse(body);
  expect(result.error?.issues ?? [], `${method} ${path}: ${JSON.stringify(body)}`).toEqual([]);
  // The schemas themselves are strict: nothing is told that they do not name.
  const { document } = operations.find(({ id }) => id === operation.operationId) ?? {};
  if (status === 200) {
    const issues = document?.safeParse(body).error?.issues;
    expect(issues, `${method} ${path}: ${JSON.stringify(body)}`).toBeUndefined();
  }
  if (status >= 400) expect(problemSchema.safeParse(body).error).toBeUndefined();
  return body;
}

test("the description is valid OpenAPI 3.1, for everybody and every page", async () => {
  expect(description.openapi).toMatch(/^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(description) as never);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  const headers = { Origin: "https://docs.example" };
  const { response } = await ask("GET", "/api/v1/openapi.json", headers);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("cache-control")).toBe("public, max-age=60");
  const ids = Object.values(description.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test("the description names the address under which a proxy shows it", async () => {
  const prefixed = await start(["--http-trust-proxy=loopback", "--http-base-path=/video"]);
  const answer = await fetch(`${siteOf(prefixed)}/video/api/v1/openapi.json`, {
    headers: { "X-Forwarded-Prefix": "/p" },
  });
  expect(await answer.json()).toMatchObject({ servers: [{ url: "/p/video" }] });
  await prefixed.close();
});

test("whatever is below /api is described", async () => {
  for (const { method, path } of operations) {
    const described = description.paths[`/api${path}`]?.[method.toLowerCase()];
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const known = described?.parameters.filter((one) => one.in === "path").map(({ name }) => name);
    expect([path, known]).toEqual([path, names]);
  }
  // Players tell there; it is taken before the API is asked.
  expect(description.paths["/api/v1/beacons"]?.["post"]).toMatchObject({
    requestBody: {
      content: { "application/json": { schema: { $ref: "#/components/schemas/Beacon" } } },
    },
  });
  const told = { method: "POST", body: JSON.stringify({ stream: "live/demo", reports: [] }) };
  const refusal = await fetch(`${site}/api/v1/beacons`, told);
  expect(await refusal.json()).toMatchObject({ status: 400, code: "BEACON_INVALID" });
  // What is not listed is not served: nothing below /api answers but as described.
  for (const path of [
    "/api",
    "/api/v1",
    "/api/v1/anything",
    "/api/v2/server",
    "/api/v1/history/x",
  ]) {
    const { status, response } = await ask("GET", path);
    expect([path, status]).toEqual([path, 404]);
    expect(problemSchema.safeParse(await response.json()).error).toBeUndefined();
  }
});

describe("real answers are as described", () => {
  test("while nobody watches and while some do", async () => {
    const stop = new AbortController();
    for (const way of ["flv", "sse?media=1", "m3u8"]) {
      const answer = await fetch(`${site}/live/demo.${way}`, { signal: stop.signal });
      expect(answer.status).toBe(200);
    }
    const listed = (await checked("GET", "/api/v1/viewers")) as {
      viewers: { id: string; stream: string }[];
    };
    expect(listed.viewers.length).toBeGreaterThanOrEqual(2);
    const { publishers } = (await checked("GET", "/api/v1/publishers")) as {
      publishers: { id: string }[];
    };
    expect(publishers).toHaveLength(1);
    for (const { id } of [...listed.viewers, ...publishers]) {
      expect(await checked("GET", `/api/v1/sessions/${id}`)).toMatchObject({ id });
      await checked("GET", `/api/v1/clients/${id}`);
    }
    for (const path of [
      "server",
      "streams",
      "streams?limit=1&state=live&prefix=live/",
      "streams?shape=srs&count=5",
      "streams/live/demo",
      "streams/live/demo?shape=srs",
      "streams/live/none?shape=srs",
      "publishers?transport=demo",
      "viewers?stream=live/demo&limit=1",
      "figures?streams=live/demo,live/none",
      "history",
      "history?after=1700000000000",
      `figures?${manyStreams(64)}`,
      ...["versions", "summaries", "vhosts", "vhosts/__defaultVhost__", "vhosts/none"],
      ...["clients", "clients?start=1&count=1000", "clients/none"],
    ]) {
      await checked("GET", `/api/v1/${path}`);
    }
    stop.abort();
  });

  test("whoever may only watch is told less", async () => {
    const full = await checked("GET", "/api/v1/streams/live/demo");
    const less = await checked("GET", "/api/v1/streams/live/demo", {});
    expect(Object.keys(full)).toEqual(expect.arrayContaining(["viewerList", "publisher"]));
    expect(Object.keys(less)).not.toEqual(expect.arrayContaining(["viewerList"]));
    expect(JSON.stringify(less)).not.toContain("127.0.0.1");
  });

  test.each([
    ["GET", "/api/v1/server", {}, 401, "UNAUTHORIZED"],
    ["GET", "/api/v1/server", { Authorization: "Bearer wrong" }, 401, "UNAUTHORIZED"],
    ["GET", "/api/v1/events", {}, 401, "UNAUTHORIZED"],
    ["GET", "/api/v1/streams?limit=0", token, 400, "REQUEST_INVALID"],
    ["GET", "/api/v1/streams?shape=other", token, 400, "REQUEST_INVALID"],
    ["GET", "/api/v1/streams?state=gone", token, 400, "REQUEST_INVALID"],
    ["GET", "/api/v1/figures", token, 400, "REQUEST_INVALID"],
    ["GET", `/api/v1/figures?${manyStreams(65)}`, token, 400, "REQUEST_INVALID"],
    ["GET", "/api/v1/viewers?after=nowhere", token, 400, "REQUEST_INVALID"],
    ["GET", "/api/v1/streams/live/none", token, 404, "STREAM_NOT_FOUND"],
    ["GET", "/api/v1/streams/a/b/c/d", token, 400, "STREAM_NAME_INVALID"],
    ["DELETE", "/api/v1/streams/live/none/publisher", token, 404, "SESSION_NOT_FOUND"],
    ["DELETE", "/api/v1/sessions/none", token, 404, "SESSION_NOT_FOUND"],
    ["DELETE", "/api/v1/sessions/none", {}, 401, "UNAUTHORIZED"],
    [
      "DELETE",
      "/api/v1/sessions/none",
      { ...token, Origin: "https://evil.example" },
      404,
      "SESSION_NOT_FOUND",
    ],
    ["GET", "/api/v1/sessions/none", token, 404, "SESSION_NOT_FOUND"],
  ])("%s %s with %j: %i %s", async (method, path, headers, status, code) => {
    const body = await checked(method, path, headers as Record<string, string>);
    expect([body["status"], body["code"]]).toEqual([status, code]);
  });

  test("what has not changed is not sent again", async () => {
    for (const path of [
      "/api/v1/streams/live/none?shape=srs",
      "/api/v1/vhosts/none",
      "/api/v1/openapi.json",
    ]) {
      const { response } = await ask("GET", path);
      const etag = response.headers.get("etag") ?? "";
      await checked("GET", path, { ...token, "If-None-Match": etag });
      const again = await ask("GET", path, { ...token, "If-None-Match": etag });
      expect([path, again.status]).toEqual([path, 304]);
    }
  });
});

describe("SRS's shapes", () => {
  test("tell the same as ours", async () => {
    const stop = new AbortController();
    await fetch(`${site}/live/demo.flv`, { signal: stop.signal });
    const { clients } = (await checked("GET", "/api/v1/clients?count=100")) as {
      clients: { id: string; type: string; stream: string }[];
    };
    const { streams } = (await checked("GET", "/api/v1/streams?shape=srs")) as {
      streams: { id: string; name: string; app: string; publish: { cid: string } }[];
    };
    expect(streams).toMatchObject([
      { app: "live", name: "demo", publish: { active: true }, video: { codec: "H264" } },
    ]);
    expect(clients.map(({ type }) => type)).toEqual(["fmle-publish", "flv-play"]);
    expect(clients[0]).toMatchObject({ id: streams[0]?.publish.cid, stream: streams[0]?.id });
    await checked("GET", `/api/v1/streams/${streams[0]?.id}?shape=srs`);
    const player = clients[1]?.id ?? "";
    expect(await checked("DELETE", `/api/v1/clients/${player}`)).toMatchObject({ code: 0 });
    await expect
      .poll(async () => checked("GET", `/api/v1/clients/${player}`), { timeout: 10_000 })
      .toEqual({ code: 2049 });
    expect(await checked("DELETE", `/api/v1/clients/${player}`)).toEqual({ code: 2049 });
    stop.abort();
  });

  test("stand at /streams where that is configured, and ours when asked for", async () => {
    const other = await start(["--api-srs-streams"]);
    const get = async (query: string) =>
      (await fetch(`${siteOf(other)}/api/v1/streams${query}`, { headers: token })).json();
    expect(await get("")).toMatchObject({ code: 0, streams: [{ app: "live" }] });
    expect(await get("/live/demo")).toMatchObject({ code: 0, stream: { name: "demo" } });
    expect(await get("?shape=millrace")).toMatchObject({ streams: [{ name: "live/demo" }] });
    await other.close();
  });
});

test("events are told as they happen, and again to whoever comes back", async () => {
  const stop = new AbortController();
  const listen = async (id?: string) => {
    const headers = { ...token, ...(id && { "Last-Event-ID": id }) };
    const { body } = await fetch(`${site}/api/v1/events`, { headers, signal: stop.signal });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    return async (until: RegExp): Promise<string> => {
      while (!until.test(text)) text += (await reader?.read())?.value ?? "";
      return text;
    };
  };
  const read = await listen();
  const begun = await read(/^id: \S+\n\n/m);
  const watching = new AbortController();
  await fetch(`${site}/live/demo.flv`, { signal: watching.signal });
  await read(/"play.started"/);
  watching.abort();
  const text = await read(/"play.ended".*\n\n/);
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
  for (const event of events) expect(eventSchema.safeParse(event).error).toBeUndefined();
  expect(events.filter(({ transport }) => transport === "http-flv")).toMatchObject([
    { type: "play.started", stream: "live/demo" },
    { type: "play.ended", stream: "live/demo", session: events[0].session },
  ]);
  const again = await listen(/^id: (\S+)$/m.exec(begun)?.[1]);
  expect((await again(/"play.ended".*\n\n/)).match(/"play.started"/g)).toHaveLength(1);
  stop.abort();
});

test("a publisher is ended by the name of its stream", async () => {
  const own = await start();
  const url = `${siteOf(own)}/api/v1/streams/live/demo/publisher`;
  expect((await fetch(url, { method: "DELETE", headers: token })).status).toBe(204);
  await expect
    .poll(() => own.registry.get("live/demo")?.state, { timeout: 10_000 })
    .not.toBe("live");
  await own.close();
});
