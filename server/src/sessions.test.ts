import { afterAll, beforeAll, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

interface Listed {
  readonly id: string;
  readonly stream: string;
  readonly transport: string;
}

let gateway: Gateway;
let site: string;

beforeAll(async () => {
  const { config } = loadConfig({
    args: [
      ...["http", "rtmp", "rtc"].flatMap((part) => [
        `--${part}-host=127.0.0.1`,
        `--${part}-port=0`,
      ]),
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
    ],
    readFile: () => "",
  });
  gateway = await createGateway(config, { log: silentLog });
  await gateway.start();
  site = `http://127.0.0.1:${gateway.addresses().http?.port}`;
});
afterAll(() => gateway.close());

async function viewers(query = ""): Promise<readonly Listed[]> {
  const answer = await fetch(`${site}/api/v1/viewers${query}`);
  return ((await answer.json()) as { viewers: readonly Listed[] }).viewers;
}

const end = async (id: string): Promise<number> =>
  (await fetch(`${site}/api/v1/sessions/${id}`, { method: "DELETE" })).status;

test("an administrator sees every viewer and ends one of them", async () => {
  const [flv, sse] = await Promise.all(
    ["/live/demo.flv", "/live/demo.sse?media=1"].map((path) => fetch(site + path)),
  );
  const listed = await viewers();
  expect(listed.map(({ transport }) => transport).sort()).toEqual(["http-flv", "sse"]);
  const [watching] = await viewers("?stream=live/demo&transport=http-flv");
  expect(await end(watching?.id ?? "")).toBe(204);
  // What was sent before may be cut off in the middle.
  await flv?.arrayBuffer().catch(() => {});
  expect((await viewers()).map(({ transport }) => transport)).toEqual(["sse"]);
  expect(await end(watching?.id ?? "")).toBe(404);
  await sse?.body?.cancel();
});

test("and a publisher", async () => {
  const stream = gateway.registry.get("live/demo");
  const waiting = new Promise((resolve) => {
    stream?.observe((change) => change.type === "state" && resolve(change.state));
  });
  expect(await end(gateway.registry.publisher("live/demo")?.id ?? "")).toBe(204);
  expect(await waiting).toBe("waiting");
});
