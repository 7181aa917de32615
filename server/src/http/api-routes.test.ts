import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { expect, test } from "vitest";
import { silentLog } from "../core/log.ts";
import { patternOf, routeOf } from "./api-operation.ts";
import { createRoutes } from "./routes.ts";
import { Site } from "./site.ts";
import { FakeAdmin, fakeOperations } from "./test-admin.ts";

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
  match(path: string): boolean;
}

test("everything that is routed below /api is in the list of operations, and so described", () => {
  const trust = new ProxyTrust([]);
  const app = createRoutes({
    log: silentLog,
    access: { authorize: async () => undefined },
    admin: new FakeAdmin(),
    operations: fakeOperations,
    documents: { streamSummary: () => ({ state: "offline", codecs: [] }) },
    metrics: { type: "text/plain", text: async () => "" },
    site: new Site("/nowhere"),
    trust,
    origins: new OriginPolicy("*", trust),
    frameAncestors: "*",
    basePath: "",
    ownHosts: new Set(),
    isReady: () => true,
  });
  const { stack } = (app as unknown as { readonly router: { readonly stack: readonly Layer[] } })
    .router;
  const routesOf = (layers: readonly Layer[]): string[] =>
    layers.flatMap(({ route, handle }) =>
      route === undefined
        ? routesOf(handle.stack ?? [])
        : Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`),
    );
  const routed = routesOf(stack.filter((layer) => layer.handle.stack !== undefined));
  const api = routed.filter((route) => route.includes(" /v1/") || route.includes(" /api"));
  const listed = fakeOperations.map((operation) => `${operation.method} ${routeOf(operation)}`);
  expect(api.sort()).toEqual(listed.sort());
});

test.each([
  ["/v1/server", "/v1/server", true],
  ["/v1/server", "/v1/server/", true],
  ["/v1/openapi.json", "/v1/openapi-json", false],
  ["/v1/streams/{name}", "/v1/streams/a/b/c", true],
  ["/v1/streams/{name}", "/v1/streams/", false],
  ["/v1/streams/{name}/publisher", "/v1/streams/a/b/publisher", true],
  ["/v1/sessions/{id}", "/v1/sessions/a/b", false],
])("%s is the address of %s: %j", (path, asked, expected) => {
  const operation = { method: "GET", path, access: "admin", answer: () => never() } as const;
  expect(patternOf(operation).test(asked)).toBe(expected);
});

function never(): never {
  throw new Error("is not asked");
}
