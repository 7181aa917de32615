import { expect, test } from "vitest";
import { parseViewers } from "./viewer-entry.ts";
import { listViewers, transportsOf, type ViewerQuery } from "./viewer-list.ts";

const { viewers, next } = parseViewers({
  viewers: [
    {
      ...{ id: "a", transport: "sse", address: "192.0.2.2", joinedAt: "2026-01-01T00:00:02Z" },
      stats: { bytesSent: 10, codecs: ["avc1.42e01f", 7], secret: {} },
    },
    {
      ...{ id: "b", transport: "webrtc", joinedAt: "2026-01-01T00:00:01Z" },
      stats: { bytesSent: 30, roundTripMs: 12, lossRatio: 0.01, layer: "h", path: "udp" },
      experience: { firstFrameMs: 200, latencyMs: 90, freezes: 1, frozenSeconds: 0.4 },
    },
    { id: "c", transport: "webrtc", joinedAt: "2026-01-01T00:00:03Z", stats: { roundTripMs: 40 } },
    { transport: "webrtc" },
    "nonsense",
  ],
  next: "cursor",
});
const query: ViewerQuery = { transport: "", column: "joinedMs", descending: false };
const ids = (asked: Partial<ViewerQuery>): string =>
  listViewers(viewers, { ...query, ...asked })
    .map(({ id }) => id)
    .join("");

test("viewers are read with whatever their transport tells; what is none is left out", () => {
  expect(viewers.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(next).toBe("cursor");
  expect(viewers[0]).toMatchObject({ codecs: ["avc1.42e01f"], roundTripMs: undefined });
  expect(viewers[1]).toMatchObject({
    ...{ layer: "h", path: "udp", lossRatio: 0.01, latencyMs: 90, frozenSeconds: 0.4 },
    joinedMs: Date.UTC(2026, 0, 1, 0, 0, 1),
  });
});

test("viewers come in the order of a column, those of whom it is not known last", () => {
  expect(ids({})).toBe("bac");
  expect(ids({ descending: true })).toBe("cab");
  expect(ids({ column: "roundTripMs" })).toBe("bca");
  expect(ids({ column: "roundTripMs", descending: true })).toBe("cba");
  expect(ids({ column: "transport" })).toBe("bca");
  expect(ids({ column: "bytesSent", descending: true })).toBe("bac");
});

test("viewers of one transport, and how many there are of each", () => {
  expect(ids({ transport: "webrtc" })).toBe("bc");
  expect(transportsOf(viewers)).toEqual({ sse: 1, webrtc: 2 });
});
