import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { maxViewersPerPage, pageOfViewers, type ViewerQuery } from "./viewer-list.ts";

let clock: FakeClock;
let registry: Registry;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
});

function watch(stream: string, id: string, transport: "sse" | "whep" = "sse"): () => void {
  if (registry.get(stream) === undefined) {
    registry.publish({ stream, transport: "rtmp", address: "192.0.2.1", onKick: () => {} });
  }
  const viewer = registry.get(stream)?.addViewer({ id, transport, address: "192.0.2.2" });
  clock.advance(10);
  return () => viewer?.close();
}

function ids(query: ViewerQuery): readonly [readonly string[], string | undefined] {
  const { viewers, next } = pageOfViewers(registry.list(), query);
  return [viewers.map(({ viewer }) => viewer.id), next];
}

test("viewers come by stream and in the order in which they came", () => {
  for (const id of ["z", "y", "x"]) watch("live/b", id);
  watch("live/a", "w", "whep");
  expect(ids({})).toEqual([["w", "z", "y", "x"], undefined]);
  expect(ids({ stream: "live/b" })).toEqual([["z", "y", "x"], undefined]);
  expect(ids({ transport: "whep" })).toEqual([["w"], undefined]);
  expect(ids({ stream: "live/none" })).toEqual([[], undefined]);
});

test("pages miss nobody and repeat nobody, whoever comes and goes meanwhile", () => {
  const leave = new Map(["a", "b", "c", "d", "e"].map((id) => [id, watch("live/cam", id)]));
  const [first, next] = ids({ limit: "2" });
  expect(first).toEqual(["a", "b"]);
  leave.get("b")?.();
  leave.get("c")?.();
  watch("live/cam", "f");
  const [second, further] = ids({ limit: "2", after: next });
  expect(second).toEqual(["d", "e"]);
  expect(ids({ limit: "2", after: further })).toEqual([["f"], undefined]);
});

test.each([
  { limit: "0" },
  { limit: "1.5" },
  { limit: "-1" },
  { limit: "" },
  { limit: String(maxViewersPerPage + 1) },
  { after: "" },
  { after: "nonsense" },
  { after: Buffer.from('["a"]').toString("base64url") },
  { after: "A".repeat(2000) },
])("%j is refused", (query) => {
  expect(() => pageOfViewers([], query)).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", status: 400 }),
  );
});
