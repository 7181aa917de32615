import { afterEach, beforeEach, expect, test } from "vitest";
import { maxFigureStreams } from "./figure-routes.ts";
import { type Rig, startRig } from "./test-rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const foreign = { "X-Forwarded-For": "192.0.2.1" };
const json = async (path: string): Promise<unknown> => (await rig.get(path)).json();

test("the history goes to administrators alone, and is never kept", async () => {
  const answer = await rig.get("/api/v1/history?after=1700000000000");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(await answer.json()).toEqual({ times: [], after: "1700000000000" });
  expect(await json("/api/v1/history")).toEqual({ times: [] });
  expect((await rig.get("/api/v1/history", foreign)).status).toBe(403);
});

test("figures of the streams that are asked for, without viewers one by one and without those that are gone", async () => {
  expect(await json("/api/v1/figures?stream=live/cam&stream=live/gone&stream=live/cam")).toEqual({
    streams: [{ name: "live/cam", full: true }],
  });
  expect((await rig.get("/api/v1/figures?stream=live/cam", foreign)).status).toBe(403);
});

test("pages of other origins borrow nobody's place", async () => {
  for (const path of ["/api/v1/history", "/api/v1/figures?stream=live/cam"]) {
    const origin = { Origin: "https://elsewhere.example" };
    const open = await rig.get(path, origin);
    expect(open.headers.get("access-control-allow-origin")).toBeNull();
    const shown = await rig.get(path, { ...origin, Authorization: "Bearer admin-token" });
    expect(shown.headers.get("access-control-allow-origin")).toBe("*");
  }
});

test("as many streams as there may be, not one more, and only names", async () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, at) => `stream=live/cam${at}`).join("&");
  expect((await rig.get(`/api/v1/figures?${many(maxFigureStreams)}`)).status).toBe(200);
  for (const query of [many(maxFigureStreams + 1), "", "stream=../etc"]) {
    const refused = await rig.get(`/api/v1/figures?${query}`);
    expect([refused.status, query]).toEqual([400, query]);
  }
});

test("the page is no stream, shows nothing by itself and is in no frame", async () => {
  const page = await rig.get("/admin", foreign);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("admin");
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
});
