import { need, Skip } from "./checklist.ts";
import {
  type Context,
  fragmentType,
  mediaFlows,
  type OpenSession,
  orSkip,
  post,
} from "./context.ts";
import { readDescription, restartedAnswer } from "./description.ts";
import { mustBe, mustBeEmpty, mustRefuse, mustSucceed, type Reply } from "./requests.ts";

/** A session's resource: verbs and trickle ICE. It is connected already and goes on. */
export async function checkSession(context: Context, session: OpenSession): Promise<void> {
  const { list, requests, authorization } = context;
  const { url } = session;
  await list.check("4.2", "must", "OPTIONS of the session allows PATCH and DELETE", async () => {
    const reply = await requests.ask("OPTIONS", url);
    mustSucceed(reply);
    const allowed = reply.headers.get("access-control-allow-methods") ?? "";
    need(/\*|PATCH.*DELETE|DELETE.*PATCH/.test(allowed), `allowed: ${allowed}`);
  });
  for (const method of ["GET", "HEAD"]) {
    await list.check("4.2", "should", `${method} of the session is 2xx and empty`, async () => {
      mustBeEmpty(await requests.ask(method, url, { headers: authorization }));
    });
  }
  await list.check("RFC 9110 15.5.6", "should", "PUT of the session is 405", async () => {
    mustBe(await requests.ask("PUT", url, { headers: authorization }), 405);
  });
  await checkTrickle(context, session);
}

async function patch(
  { requests, authorization }: Context,
  { url }: Pick<OpenSession, "url">,
  ifMatch: string | undefined,
  body: string,
  type = fragmentType,
): Promise<Reply> {
  const headers = {
    "content-type": type,
    ...authorization,
    ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
  };
  return await requests.ask("PATCH", url, { headers, body });
}

/** RFC 8840 section 9: what a client sends while it trickles. */
function fragment(credentials: string, candidates: readonly string[], more = ""): string {
  const { ufrag, pwd, media } = readDescription(credentials);
  const lines = candidates.map((candidate) => `a=${candidate}\r\n`).join("");
  const kind = media[0]?.kind ?? "audio";
  return `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${pwd}\r\nm=${kind} 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:${media[0]?.mid ?? 0}\r\n${lines}${more}`;
}

async function checkTrickle(context: Context, session: OpenSession): Promise<void> {
  const { list } = context;
  const { entityTag, offer, peer } = session;
  const candidates = await peer.candidates();
  const right = fragment(offer, candidates);
  const first = await patch(context, session, entityTag ?? "*", right);
  const needed = (): void => {
    if ([405, 422, 501].includes(first.status)) throw new Skip("no trickle ICE here");
  };
  const rule = (section: string, what: string, body: () => Promise<void> | void, must = true) =>
    list.check(section, must ? "must" : "should", what, async () => {
      needed();
      await body();
    });
  await rule("4.3.2", "PATCH of candidates is 204, without body and ETag", () => {
    mustBe(first, 204);
    mustBeEmpty(first);
    need(first.headers.get("etag") === null, "it has an ETag");
  });
  await rule("4.3.2", "candidates that cannot be used are passed over: 204", async () => {
    const odd = [
      "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0",
      "candidate:2 1 udp 2122260223 0fb3a4f1-0000-4000-8000-000000000000.local 50000 typ host",
    ];
    mustBe(await patch(context, session, entityTag ?? "*", fragment(offer, odd)), 204);
  });
  await rule("4.3.2", "the end of candidates is 204", async () => {
    const body = fragment(offer, [], "a=end-of-candidates\r\n");
    mustBe(await patch(context, session, entityTag ?? "*", body), 204);
  });
  await rule("4.3.2", "PATCH without If-Match is 428", async () => {
    orSkip(entityTag, "no ETag, so nothing to match");
    mustBe(await patch(context, session, undefined, right), 428);
  });
  await rule("4.3.2", "PATCH with a stale ETag is 412", async () => {
    orSkip(entityTag, "no ETag, so nothing to match");
    mustBe(await patch(context, session, '"no-such-tag"', right), 412);
  });
  await rule("4.3.1", "PATCH of another type is refused", async () => {
    mustRefuse(await patch(context, session, entityTag ?? "*", right, "text/plain"));
  });
  await rule(
    "4.3.1",
    "with 415",
    async () => {
      mustBe(await patch(context, session, entityTag ?? "*", right, "text/plain"), 415);
    },
    false,
  );
  await rule("4.3.1", "PATCH of garbage is 400", async () => {
    mustBe(await patch(context, session, entityTag ?? "*", "no fragment"), 400);
  });
}

/** RFC 9725 section 4.3.3, while media flows. */
export async function checkRestart(context: Context, session: OpenSession): Promise<void> {
  const { list } = context;
  const { entityTag, answer, peer } = session;
  await list.check("4.3.3", "must", "a restart that fails keeps the session going", async () => {
    const broken = "a=ice-ufrag:x\r\na=ice-pwd:short\r\n";
    const reply = await patch(context, session, "*", broken);
    if (reply.status === 200 || reply.status === 204) throw new Skip("it does not fail here");
    mustRefuse(reply);
    await mediaFlows(session, context);
  });
  const offer = await peer.offer(true);
  const { ufrag } = readDescription(offer);
  const reply = await patch(context, session, "*", fragment(offer, await peer.candidates()));
  const rule = (what: string, body: () => Promise<void> | void, section = "4.3.3") =>
    list.check(section, "must", what, async () => {
      if ([405, 422, 501].includes(reply.status)) throw new Skip("no ICE restart here");
      await body();
    });
  await rule("PATCH of new credentials with If-Match: * is 200 with a fragment", () => {
    mustBe(reply, 200);
    const type = reply.headers.get("content-type");
    need(type?.startsWith(fragmentType) === true, `Content-Type: ${type}`);
  });
  await rule("it brings the server's new credentials", () => {
    const [old, fresh] = [readDescription(answer), readDescription(reply.text)];
    need(fresh.ufrag !== undefined && fresh.ufrag !== old.ufrag, "the same ice-ufrag");
    need(fresh.pwd !== undefined && fresh.pwd !== old.pwd, "the same ice-pwd");
  });
  const renewed = reply.headers.get("etag");
  await rule("and a new ETag", () => {
    need(renewed !== null && renewed !== entityTag, `ETag: ${renewed}`);
    need(/^"[^"]+"$/.test(renewed), `ETag: ${renewed}`);
  });
  await rule("media goes on over the restarted ICE session", async () => {
    await peer.accept(restartedAnswer(answer, reply.text));
    await peer.until(({ localUfrag }) => localUfrag === ufrag, "restarted");
    await mediaFlows(session, context);
  });
  await rule("the old ETag is 412 from then on", async () => {
    mustBe(await patch(context, session, entityTag ?? '"none"', fragment(offer, [])), 412);
  });
  await rule("the new one is taken", async () => {
    mustBe(await patch(context, session, renewed ?? "*", fragment(offer, [])), 204);
  });
}

/** How a session ends by DELETE. */
export async function checkEnd(context: Context, session: OpenSession): Promise<void> {
  const { list, requests, authorization } = context;
  const reply = await requests.ask("DELETE", session.url, {
    headers: { ...authorization, "if-match": '"stale"' },
  });
  await list.check("4.2", "must", "DELETE ends the session, whatever If-Match says", () => {
    mustSucceed(reply);
  });
  await list.check("OBS", "own", "with exactly 200", () => mustBe(reply, 200));
  await list.check("4.2", "should", "a session that is over is 404", async () => {
    mustBe(await requests.ask("DELETE", session.url, { headers: authorization }), 404);
  });
  await list.check("4.2", "must", "ICE and DTLS end with it", async () => {
    await session.peer.until(
      ({ connectionState, dtlsState }) =>
        dtlsState === "closed" || ["failed", "disconnected", "closed"].includes(connectionState),
      "disconnected",
      30_000,
    );
  });
  await session.peer.close();
}

/** What was seen of redirections in the whole run, and how fast requests may come. */
export async function checkLoad(context: Context): Promise<void> {
  const { list, requests, target, endpoint } = context;
  await list.check("4.5", "must", "no answer is 301 or 302", () => {
    const bad = requests.seen.filter((entry) => /30[12]$/.test(entry));
    need(bad.length === 0, bad.join(", "));
  });
  await list.check("5", "should", "too many requests are 429 or 503 with Retry-After", async () => {
    if (!target.mayFlood) throw new Skip("not asked for");
    for (let n = 0; n < maxFlood; n += 1) {
      const { status, headers } = await post(context, "garbage", {}, endpoint);
      if (status !== 429 && status !== 503) continue;
      need(headers.get("retry-after") !== null, `${status} without Retry-After`);
      return;
    }
    throw new Error(`none of ${maxFlood} was refused`);
  });
}

const maxFlood = 700;
