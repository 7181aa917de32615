import type { Page } from "@playwright/test";
import { checkAnswer, checkWire } from "./answer-rules.ts";
import { Checklist, need, Skip } from "./checklist.ts";
import { type Context, createContext, mediaFlows, openSession, post, sdpType } from "./context.ts";
import { checkEndpoint } from "./endpoint-rules.ts";
import { mustBe, mustRefuse, mustSucceed } from "./requests.ts";
import { checkEnd, checkLoad, checkRestart, checkSession } from "./session-rules.ts";
import { endpointOf, type Target } from "./target.ts";
import { textOffer } from "./text-offers.ts";

/**
 * draft-ietf-wish-whep-03, with RFC 9725's section numbers where both say the same: every rule that can be seen
 * from outside, with a browser as the player. `stream` is live. Never rejects because of the server.
 */
export async function runWhepSuite(target: Target, stream: string, page: Page): Promise<Checklist> {
  const list = new Checklist(`WHEP (draft-ietf-wish-whep-03) at ${target.base}`);
  const context = createContext(target, "whep", stream, list, page);
  await checkEndpoint(context);
  await checkDiscovery(context);
  await checkOffline(context);
  await checkCounterOffer(context);
  await checkWire(context);
  await list.check("4.2", "must", "a browser can watch", () => watchOnce(context));
  await list.check("4.2", "must", "and again after it left", async () => {
    const session = await openSession(context);
    try {
      await session.connect();
      await mediaFlows(session, context);
    } finally {
      await session.end();
    }
  });
  await checkLoad(context);
  return list;
}

async function watchOnce(context: Context): Promise<void> {
  const { list } = context;
  const session = await openSession(context);
  try {
    await checkAnswer(context, session);
    await session.connect();
    await list.check("4.2", "must", "its picture is decoded", () => mediaFlows(session, context));
    await list.check("4.2", "should", "and its sound", async () => {
      await session.peer.until(({ audioSamples }) => audioSamples > 0, "hearing anything", 5000);
    });
    await checkSession(context, session);
    await checkRestart(context, session);
    await checkEnd(context, session);
  } finally {
    await session.end();
  }
}

async function checkDiscovery({ list, requests, endpoint, authorization }: Context): Promise<void> {
  await list.check("WHEP 4.1", "should", "HEAD tells a WHEP endpoint by its type", async () => {
    const { status, headers } = await requests.ask("HEAD", endpoint, { headers: authorization });
    const type = headers.get("content-type");
    need(status === 200 && type?.startsWith(sdpType) === true, `${status}, ${type}`);
  });
}

async function checkOffline(context: Context): Promise<void> {
  const { list, target } = context;
  const url = endpointOf(target, "whep", `${target.stream}-offline`);
  const direction = "recvonly";
  const offer = textOffer([
    { kind: "audio", direction, codec: "opus/48000/2" },
    { kind: "video", direction, codec: "H264/90000" },
  ]);
  const reply = await post(context, offer, {}, url);
  const applies = (): void => {
    if (!target.paths.whep.includes("{stream}")) throw new Skip("streams have no names here");
    if (reply.status === 201) throw new Skip("streams can be awaited here");
  };
  await list.check("WHEP 4.2", "must", "a stream that is not live is 409 or 404", () => {
    applies();
    mustBe(reply, 409, 404);
  });
  await list.check("WHEP 4.2", "should", "with Retry-After", () => {
    applies();
    need(reply.headers.get("retry-after") !== null, "it has none");
  });
}

/** The other way to answer: the server offers what it has. */
async function checkCounterOffer(context: Context): Promise<void> {
  const { list, requests, authorization } = context;
  const hopeless = textOffer([{ kind: "video", direction: "recvonly", codec: "X-NO/90000" }]);
  const reply = await post(context, hopeless);
  await list.check("WHEP 4.3", "must", "an offer that cannot be answered is 4xx", () =>
    mustRefuse(reply),
  );
  const location = reply.headers.get("location");
  const countered = reply.status === 406 && location !== null;
  await list.check("WHEP 4.3", "must", "a counter-offer (406) has SDP and a Location", () => {
    if (reply.status !== 406) throw new Skip(`no counter-offer but ${reply.status}`);
    const type = reply.headers.get("content-type");
    need(type?.startsWith(sdpType) === true && reply.text.startsWith("v=0"), `${type}`);
    need(location !== null, "no Location");
  });
  await list.check("WHEP 4.3", "must", "a counter-offer can be turned down by DELETE", async () => {
    if (!countered) throw new Skip("no counter-offer");
    const url = new URL(location, reply.url).href;
    mustSucceed(await requests.ask("DELETE", url, { headers: authorization }));
  });
}
