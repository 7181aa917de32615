import { expect, test } from "vitest";
import { attentionOf, listStreams, pageOf, pageText, streamsPerPage } from "./stream-list.ts";
import { streamEntry } from "./test-streams.ts";

const hint = { code: "B_FRAMES", message: "" };
const streams = [
  streamEntry("live/c", { viewers: { count: 3 }, startedAt: 1000 }),
  streamEntry("live/a", { viewers: { count: 3 }, startedAt: 3000, hints: [hint] }),
  streamEntry("cams/b", {
    ...{ viewers: { count: 9 }, startedAt: 2000, health: { buffer: "DRY" } },
    publisher: { id: "p", transport: "rtmp", address: "192.0.2.7", userAgent: "OBS/30" },
    tracks: [{ kind: "video", codec: "h264" }],
  }),
  streamEntry("live/d", { state: "waiting" }),
];
const all = { search: "", show: "all", order: "name" } as const;
const names = (query: Partial<Parameters<typeof listStreams>[1]>): readonly string[] =>
  listStreams(streams, { ...all, ...query }).map(({ name }) => name);

test("streams come by name, by viewers, newest first, or the worst first; equal ones by name", () => {
  expect(names({})).toEqual(["cams/b", "live/a", "live/c", "live/d"]);
  expect(names({ order: "viewers" })).toEqual(["cams/b", "live/a", "live/c", "live/d"]);
  expect(names({ order: "newest" })).toEqual(["live/a", "cams/b", "live/c", "live/d"]);
  expect(names({ order: "attention" })).toEqual(["live/d", "cams/b", "live/a", "live/c"]);
});

test("search finds each word in name, address, program, codec and hint, whatever its case", () => {
  expect(names({ search: "CAMS" })).toEqual(["cams/b"]);
  expect(names({ search: " obs 192.0.2 " })).toEqual(["cams/b"]);
  expect(names({ search: "h264" })).toEqual(["cams/b"]);
  expect(names({ search: "b_frames live" })).toEqual(["live/a"]);
  expect(names({ search: "b_frames cams" })).toEqual([]);
});

test("only some states", () => {
  expect(names({ show: "waiting" })).toEqual(["live/d"]);
  expect(names({ show: "live" })).toHaveLength(3);
  expect(names({ show: "attention" })).toEqual(["cams/b", "live/a", "live/d"]);
  expect(streams.map(attentionOf)).toEqual([0, 1, 2, 3]);
});

test("the list that is given stays as it is", () => {
  const before = streams.map(({ name }) => name);
  names({ order: "viewers" });
  expect(streams.map(({ name }) => name)).toEqual(before);
});

test("10,000 streams come in pages, and a page that is no more is the last one", () => {
  const many = Array.from({ length: 10_000 }, (_, at) =>
    streamEntry(`live/cam${String(at).padStart(5, "0")}`, { viewers: { count: at % 7 } }),
  );
  const list = listStreams(many, all);
  const first = pageOf(list, 0, streamsPerPage);
  expect([first.entries.length, first.pages, pageText(first)]).toEqual([24, 417, "1–24 of 10,000"]);
  expect(first.entries[0]?.name).toBe("live/cam00000");
  const last = pageOf(list, 9999, streamsPerPage);
  expect([last.page, pageText(last)]).toEqual([416, "9,985–10,000 of 10,000"]);
  expect(pageOf(list, -1, streamsPerPage).page).toBe(0);
  const found = pageOf(listStreams(many, { ...all, search: "cam0999" }), 416, streamsPerPage);
  expect([found.page, found.total, pageText(found)]).toEqual([0, 10, "1–10 of 10"]);
  expect(pageText(pageOf([], 0, streamsPerPage))).toBe("none");
});
