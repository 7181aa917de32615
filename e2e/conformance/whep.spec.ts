import { expect, test } from "../fixtures.ts";
import { Gateway } from "../peers/gateway.ts";
import { BrowserPeer } from "./browser-peer.ts";
import { Checklist } from "./checklist.ts";
import { createContext, openSession } from "./context.ts";
import { openForeignSite } from "./foreign-site.ts";
import { ownTarget } from "./own-target.ts";
import { Requests } from "./requests.ts";
import { type Target, targetFromEnvironment } from "./target.ts";
import { runWhepSuite } from "./whep-suite.ts";

test("WHEP: the conformance suite", async ({ page, context, cleanup }) => {
  test.setTimeout(300_000);
  const site = await openForeignSite();
  cleanup(site.close);
  await page.goto(site.url);
  const target = targetFromEnvironment() ?? (await ownTarget(cleanup));
  const stream = target.liveStream ?? (await publish(target));
  const list = await runWhepSuite(target, stream, page);
  console.log(`\n${list.table()}\n`);
  expect(list.failures(target.own)).toEqual([]);

  /** A server of which no live stream is known gets one by WHIP, from a page of its own. */
  async function publish({ stream: name }: Target): Promise<string> {
    const publisher = await context.newPage();
    const whip = createContext(target, "whip", name, new Checklist("publisher"), publisher);
    try {
      const session = await openSession(whip);
      cleanup(() => session.end());
      await session.connect();
    } catch (error) {
      const advice = "name a stream that is live by MILLRACE_CONFORMANCE_LIVE_STREAM";
      throw new Error(`nothing to watch could be published by WHIP; ${advice}`, { cause: error });
    }
    await page.bringToFront();
    return name;
  }
});

test("a gateway that is full answers 503 with Retry-After", async ({ page, cleanup }) => {
  test.skip(targetFromEnvironment() !== undefined, "only our own gateway can be made so small");
  const gateway = await Gateway.start({ flags: ["--demo", "--rtc-max-peers", "1"] });
  cleanup(() => gateway.stop());
  const url = `${gateway.url}/whep/live/demo`;
  const viewer = await BrowserPeer.open(page, "watch");
  const ask = { headers: { "content-type": "application/sdp" }, body: await viewer.offer() };
  const requests = new Requests();
  expect((await requests.ask("POST", url, ask)).status).toBe(201);
  const refused = await requests.ask("POST", url, ask);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
});
