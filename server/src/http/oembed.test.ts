import { expect, it } from "vitest";
import { type OEmbedPlace, oEmbedDocument } from "./oembed.ts";
import { startRig } from "./test-rig.ts";

const place: OEmbedPlace = { prefix: "/tv", isOurs: (host) => host === "mill.example" };
const ask = (query: Record<string, string>): object =>
  oEmbedDocument(new URLSearchParams(query), place);

it("tells how a watch page or an embed page is shown elsewhere", () => {
  for (const path of ["live/cam", "embed/live/cam"]) {
    expect(ask({ url: `https://mill.example/tv/${path}?x=1` })).toEqual({
      version: "1.0",
      type: "video",
      provider_name: "Millrace",
      provider_url: "https://mill.example/tv/",
      title: "live/cam",
      width: 960,
      height: 540,
      html: '<iframe src="https://mill.example/tv/embed/live/cam" width="960" height="540" title="live/cam" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>',
      cache_age: 86_400,
    });
  }
});

it.each([
  [{ maxwidth: "480" }, 480, 270],
  [{ maxheight: "180" }, 320, 180],
  [{ maxwidth: "9999", maxheight: "0" }, 960, 540],
  [{ maxwidth: "1" }, 160, 90],
  [{ maxwidth: "x" }, 960, 540],
])("fits into %j", (limits, width, height) => {
  const url = "http://mill.example/tv/live/cam";
  expect(ask({ url, ...limits } as Record<string, string>)).toMatchObject({ width, height });
});

it.each([
  [{}, "URL_INVALID"],
  [{ url: "live/cam" }, "URL_INVALID"],
  [{ url: "https://evil.example/tv/live/cam" }, "STREAM_NOT_FOUND"],
  [{ url: "https://mill.example/other/live/cam" }, "STREAM_NOT_FOUND"],
  [{ url: "javascript://mill.example/tv/live" }, "STREAM_NOT_FOUND"],
  [{ url: 'https://mill.example/tv/live/"><script>' }, "STREAM_NAME_INVALID"],
  [{ url: "https://mill.example/tv/live/cam", format: "xml" }, "FORMAT_UNSUPPORTED"],
])("refuses %j with %s", (query, code) => {
  expect(() => ask(query as Record<string, string>)).toThrow(expect.objectContaining({ code }));
});

it("is found from the watch page by whoever looks for it, and readable everywhere", async () => {
  const rig = await startRig();
  try {
    const page = await rig.get("/live/cam");
    const link = /<([^>]+)>; rel="alternate"; type="application\/json\+oembed"/;
    const found = link.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    expect(found).toContain("/oembed?url=http%3A%2F%2F127.0.0.1");
    const answer = await fetch(found);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(await answer.json()).toMatchObject({ title: "live/cam", type: "video" });
    const refused = await rig.get("/oembed?url=https%3A%2F%2Fevil.example%2Flive%2Fcam");
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      404,
      "STREAM_NOT_FOUND",
    ]);
  } finally {
    await rig.close();
  }
});

it("row 122: gives away the first public address, whichever of ours it was asked by", () => {
  const publicUrls = ["https://tv.example/watch/", "https://b.example"];
  const asked = ["http://mill.example/tv", "https://tv.example/watch", "https://b.example"];
  for (const base of asked) {
    const query = new URLSearchParams({ url: `${base}/live/cam` });
    expect(oEmbedDocument(query, { ...place, publicUrls })).toMatchObject({
      title: "live/cam",
      provider_url: "https://tv.example/watch/",
      html: expect.stringContaining('src="https://tv.example/watch/embed/live/cam"'),
    });
  }
  const query = new URLSearchParams({ url: "https://tv.example/other/live/cam" });
  expect(() => oEmbedDocument(query, { ...place, publicUrls })).toThrow(
    expect.objectContaining({ code: "STREAM_NOT_FOUND" }),
  );
});

it("row 122: the watch page is told the first public address", async () => {
  const rig = await startRig({ front: { publicUrls: ['https://tv.example/"watch"'] } });
  try {
    const page = await rig.get("/live/cam");
    expect(page.headers.get("link")).toContain("<https://tv.example/%22watch%22/oembed?url=");
    expect(await page.text()).toContain(
      'name="millrace-public" content="https://tv.example/&quot;watch&quot;"',
    );
  } finally {
    await rig.close();
  }
});
