import { expect, test } from "../fixtures.ts";
import { openForeignSite } from "./foreign-site.ts";
import { ownTarget } from "./own-target.ts";
import { targetFromEnvironment } from "./target.ts";
import { runWhipSuite } from "./whip-suite.ts";

test("WHIP: the conformance suite", async ({ page, cleanup }) => {
  test.setTimeout(300_000);
  const site = await openForeignSite();
  cleanup(site.close);
  await page.goto(site.url);
  const target = targetFromEnvironment() ?? (await ownTarget(cleanup));
  const list = await runWhipSuite(target, page);
  console.log(`\n${list.table()}\n`);
  expect(list.failures(target.own)).toEqual([]);
});
