import type { Page } from "@playwright/test";
import { BrowserPeer } from "./browser-peer.ts";
import { type Checklist, need, Skip } from "./checklist.ts";
import { answered, type Reply, Requests } from "./requests.ts";
import { bearer, endpointOf, type ProtocolName, type Target } from "./target.ts";

export const sdpType = "application/sdp";
export const fragmentType = "application/trickle-ice-sdpfrag";

/** One run of a suite against one server. */
export interface Context {
  readonly target: Target;
  readonly protocol: ProtocolName;
  readonly list: Checklist;
  readonly requests: Requests;
  /** Shows a page of another site. */
  readonly page: Page;
  /** The endpoint of the stream that is published or watched. */
  readonly endpoint: string;
  /** What a request needs to be allowed. */
  readonly authorization: Readonly<Record<string, string>>;
}

export function createContext(
  target: Target,
  protocol: ProtocolName,
  stream: string,
  list: Checklist,
  page: Page,
): Context {
  return {
    target,
    protocol,
    list,
    page,
    requests: new Requests(),
    endpoint: endpointOf(target, protocol, stream),
    authorization: bearer(target.tokens[protocol]),
  };
}

/** POST of an offer with everything that makes it right, unless `headers` says otherwise; an empty one is left out. */
export async function post(
  context: Context,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  url: string = context.endpoint,
): Promise<Reply> {
  const all = { "content-type": sdpType, ...context.authorization, ...headers };
  return await context.requests.ask("POST", url, {
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
    body,
  });
}

/** A session between a browser and the server. */
export interface OpenSession {
  readonly peer: BrowserPeer;
  readonly reply: Reply;
  readonly url: string;
  readonly entityTag: string | undefined;
  /** The browser's description and the server's. */
  readonly offer: string;
  readonly answer: string;
  /** Lets the browser take the server's description and waits until it is connected. */
  connect(): Promise<void>;
  /** Ends it on both sides, whatever became of it. May be called twice. */
  end(): Promise<void>;
}

/** Opens a session with a browser's offer, which is not connected yet. Rejects when the server does not take it. */
export async function openSession(context: Context): Promise<OpenSession> {
  const role = context.protocol === "whip" ? "publish" : "watch";
  const peer = await BrowserPeer.open(context.page, role);
  try {
    const offer = await peer.offer();
    const reply = await post(context, offer);
    if (context.protocol === "whep" && reply.status === 406) {
      return await acceptCounterOffer(context, peer, reply);
    }
    need(reply.status === 201, `${answered(reply)} ${reply.text.slice(0, 100)}`);
    return sessionOf(context, peer, reply, offer, () => peer.accept(reply.text));
  } catch (error) {
    await peer.close();
    throw error;
  }
}

/** draft-ietf-wish-whep section 4.3: the server offers itself, and PATCH brings the answer. */
async function acceptCounterOffer(
  context: Context,
  peer: BrowserPeer,
  reply: Reply,
): Promise<OpenSession> {
  const answer = await peer.answer(reply.text);
  const session = sessionOf(context, peer, reply, answer, async () => {});
  const patched = await context.requests.ask("PATCH", session.url, {
    headers: { "content-type": sdpType, ...context.authorization },
    body: answer,
  });
  need(patched.status === 204, `the answer to the counter-offer was ${answered(patched)}`);
  return { ...session, entityTag: patched.headers.get("etag") ?? session.entityTag };
}

function sessionOf(
  context: Context,
  peer: BrowserPeer,
  reply: Reply,
  offer: string,
  accept: () => Promise<void>,
): OpenSession {
  const location = reply.headers.get("location");
  need(location !== null, "no Location");
  const url = new URL(location, reply.url).href;
  return {
    peer,
    reply,
    url,
    entityTag: reply.headers.get("etag") ?? undefined,
    offer,
    answer: reply.text,
    async connect() {
      await accept();
      await peer.connected();
    },
    async end() {
      await peer.close();
      await context.requests.ask("DELETE", url, { headers: context.authorization });
    },
  };
}

/** Waits until media goes through: a viewer decodes, a publisher is told by reports that it is received. */
export async function mediaFlows(session: OpenSession, context: Context): Promise<void> {
  const before = await session.peer.stats();
  if (context.protocol === "whep") {
    await session.peer.until(
      (stats) => stats.framesDecoded >= before.framesDecoded + 20,
      "decoding",
    );
  } else {
    await session.peer.until(
      (stats) => stats.framesEncoded >= before.framesEncoded + 20,
      "encoding",
    );
    await session.peer.until((stats) => stats.reports > before.reports, "told of by reports");
  }
}

/** The value, or the end of the check with `why`. */
export function orSkip<Value>(value: Value | undefined, why: string): Value {
  if (value === undefined) throw new Skip(why);
  return value;
}
