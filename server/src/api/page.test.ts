import { expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { Documents } from "./documents.ts";
import { maxPerPage, type SessionsQuery, sessionsQuery, streamsQuery } from "./schemas/queries.ts";

const clock = new FakeClock();

function rig() {
  const registry = new Registry({ clock, log: silentLog });
  const documents = new Documents(registry, {
    version: "1",
    startedWallMs: 0,
    addresses: () => ({}),
    publicUrls: [],
    basePath: "",
    transcoder: () => "none",
    egress: () => undefined,
    isReady: () => true,
  });
  const publish = (stream: string, transport: "rtmp" | "whip" = "rtmp") =>
    registry.publish({ stream, transport, address: "192.0.2.1", onKick: () => {} });
  const watch = (stream: string, id: string, transport: "sse" | "whep" = "sse"): (() => void) => {
    if (registry.get(stream) === undefined) publish(stream);
    const viewer = registry.get(stream)?.addViewer({ id, transport, address: "192.0.2.2" });
    clock.advance(10);
    return () => viewer?.close();
  };
  const ids = (query: SessionsQuery): readonly [readonly string[], string | null] => {
    const { viewers, next } = documents.viewers(query);
    return [viewers.map(({ id }) => id), next];
  };
  return { registry, documents, publish, watch, ids };
}

test("viewers come by stream and in the order in which they came", () => {
  const { watch, ids } = rig();
  for (const id of ["z", "y", "x"]) watch("live/b", id);
  watch("live/a", "w", "whep");
  expect(ids({})).toEqual([["w", "z", "y", "x"], null]);
  expect(ids({ stream: "live/b" })).toEqual([["z", "y", "x"], null]);
  expect(ids({ transport: "whep" })).toEqual([["w"], null]);
  expect(ids({ stream: "live/none" })).toEqual([[], null]);
});

test("pages miss nobody and repeat nobody, whoever comes and goes meanwhile", () => {
  const { watch, ids } = rig();
  const leave = new Map(["a", "b", "c", "d", "e"].map((id) => [id, watch("live/cam", id)]));
  const [first, next] = ids({ limit: 2 });
  expect(first).toEqual(["a", "b"]);
  leave.get("b")?.();
  leave.get("c")?.();
  watch("live/cam", "f");
  const [second, further] = ids({ limit: 2, after: next ?? "" });
  expect(second).toEqual(["d", "e"]);
  expect(ids({ limit: 2, after: further ?? "" })).toEqual([["f"], null]);
});

test("streams and publishers come by name, by state, prefix and transport", () => {
  const { documents, publish } = rig();
  publish("live/b", "whip");
  publish("live/a").close("GONE");
  publish("lab/c");
  const names = (query: object) => documents.streams(query).streams.map(({ name }) => name);
  expect(names({})).toEqual(["lab/c", "live/a", "live/b"]);
  expect(names({ prefix: "live/" })).toEqual(["live/a", "live/b"]);
  expect(names({ state: "waiting" })).toEqual(["live/a"]);
  const { next } = documents.streams({ limit: 2 });
  expect(names({ limit: 2, after: next })).toEqual(["live/b"]);
  const streams = (query: object) => documents.publishers(query).publishers.map((p) => p.stream);
  expect(streams({})).toEqual(["lab/c", "live/b"]);
  expect(streams({ transport: "whip" })).toEqual(["live/b"]);
  expect(streams({ limit: 1 })).toEqual(["lab/c"]);
  expect(streams({ stream: "live/a" })).toEqual([]);
});

test.each(["0", "1.5", "-1", "", "1e2", " 5", String(maxPerPage + 1)])(
  "limit %j is refused",
  (limit) => {
    for (const schema of [sessionsQuery, streamsQuery]) {
      expect(schema.safeParse({ limit }).error?.issues[0]?.message).toBe(
        `limit is a number from 1 to ${maxPerPage}.`,
      );
    }
  },
);

test("the largest limit is taken", () => {
  expect(sessionsQuery.parse({ limit: String(maxPerPage) })).toEqual({ limit: maxPerPage });
});

test.each(["", "nonsense", Buffer.from('["a"]').toString("base64url"), "A".repeat(2000)])(
  "a place that was never told is refused: %j",
  (after) => {
    expect(() => rig().documents.viewers({ after })).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID", status: 400 }),
    );
  },
);
