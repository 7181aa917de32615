import type { Page } from "@playwright/test";
import { checkAnswer, checkWire } from "./answer-rules.ts";
import { BrowserPeer } from "./browser-peer.ts";
import { Checklist, need, Skip } from "./checklist.ts";
import { type Context, createContext, mediaFlows, openSession, post } from "./context.ts";
import { checkEndpoint } from "./endpoint-rules.ts";
import { mustBe } from "./requests.ts";
import { checkEnd, checkLoad, checkRestart, checkSession } from "./session-rules.ts";
import type { Target } from "./target.ts";

/** RFC 9725: every rule that can be seen from outside, with a browser as the client. Never rejects because of the server. */
export async function runWhipSuite(target: Target, page: Page): Promise<Checklist> {
  const list = new Checklist(`WHIP (RFC 9725) at ${target.base}`);
  const context = createContext(target, "whip", target.stream, list, page);
  await checkEndpoint(context);
  await checkWire(context);
  const opened = await list.check("4.2", "must", "a browser can publish", async () => {
    await publishOnce(context);
  });
  if (opened) await checkBusy(context);
  await checkLoad(context);
  return list;
}

async function publishOnce(context: Context): Promise<void> {
  const { list } = context;
  const session = await openSession(context);
  try {
    await checkAnswer(context, session);
    await session.connect();
    await list.check("4.2", "must", "its media is received", () => mediaFlows(session, context));
    await checkSession(context, session);
    await checkRestart(context, session);
    await checkEnd(context, session);
  } finally {
    await session.end();
  }
}

/** One name, two publishers. */
async function checkBusy(context: Context): Promise<void> {
  const { list, target } = context;
  const first = await openSession(context).catch(() => undefined);
  await list.check("4.2", "should", "after DELETE the name can be published again", async () => {
    need(first !== undefined, "it cannot");
    await first.connect();
    await mediaFlows(first, context);
  });
  if (first === undefined) return;
  const second = await BrowserPeer.open(context.page, "publish");
  try {
    await list.check("RFC 9110 15.5.10", "own", "a busy name is refused with 409", async () => {
      if (!target.own) throw new Skip("servers may let the newcomer take over");
      const url = new URL(context.endpoint);
      url.searchParams.set("takeover", "0");
      mustBe(await post(context, await second.offer(), {}, url.href), 409);
      await mediaFlows(first, context);
    });
    await list.check("4.2", "own", "the same token takes its name over", async () => {
      if (!target.own) throw new Skip("servers may refuse the newcomer");
      const taken = await openSession(context);
      try {
        await taken.connect();
        await mediaFlows(taken, context);
        const { status } = await context.requests.ask("GET", first.url);
        need(status === 404, `the old session answers ${status}`);
      } finally {
        await taken.end();
      }
    });
  } finally {
    await second.close();
    await first.end();
  }
}
