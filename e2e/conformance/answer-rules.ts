import { BrowserPeer } from "./browser-peer.ts";
import { need, Skip } from "./checklist.ts";
import { type Context, type OpenSession, sdpType } from "./context.ts";
import { type Description, readDescription } from "./description.ts";
import { rawHead } from "./requests.ts";

/** What the answer to a browser's offer says, in its head and in its description. */
export async function checkAnswer(context: Context, session: OpenSession): Promise<void> {
  await checkHead(context, session);
  await checkDescription(context, session);
}

/** How the answer's head looks on the wire: OBS reads it by hand. */
export async function checkWire(context: Context): Promise<void> {
  const { list, requests, authorization, endpoint, page, protocol } = context;
  const peer = await BrowserPeer.open(page, protocol === "whip" ? "publish" : "watch");
  const headers = { "Content-Type": sdpType, ...authorization };
  const head = await rawHead("POST", endpoint, { headers, body: await peer.offer() }).catch(
    (error: unknown) => String(error),
  );
  await peer.close();
  const locations = head.split("\r\n").filter((line) => /^location:/i.test(line));
  const location = locations[0]?.slice("location:".length).trim();
  if (location !== undefined) {
    await requests.ask("DELETE", new URL(location, endpoint).href, { headers: authorization });
  }
  await list.check("OBS", "own", "one Location header, with a space after the colon", () => {
    need(/^HTTP\/1\.\d (201|307|308) /.test(head), head.split("\r\n")[0] ?? "no answer");
    need(locations.length === 1, `${locations.length} Location headers`);
    need(/^location: \S/i.test(locations[0] ?? ""), locations[0] ?? "");
  });
  await list.check("OBS", "own", "a relative Location has no query", () => {
    if (location === undefined) throw new Skip("no Location");
    need(/^https?:/.test(location) || !location.includes("?"), location);
  });
}

async function checkHead({ list, target }: Context, session: OpenSession): Promise<void> {
  const { reply, url, entityTag } = session;
  await list.check("4.2", "must", "an offer is answered 201", () => {
    if (reply.status === 406) throw new Skip("a counter-offer was made");
    need(reply.status === 201, `answered ${reply.status}`);
  });
  await list.check("4.2", "must", "with application/sdp that is not empty", () => {
    const type = reply.headers.get("content-type");
    need(type?.startsWith(sdpType) === true && reply.text.startsWith("v=0"), `${type}`);
  });
  await list.check("4.2", "must", "and the session's Location", () => {
    need(/^https?:/.test(url) && url !== reply.url, `Location: ${url}`);
  });
  await list.check("5", "must", "which cannot be guessed", () => {
    const { pathname, search } = new URL(url);
    const longest = Math.max(...`${pathname}${search}`.split(/[/?&=]/).map((part) => part.length));
    need(longest >= 16, `its longest part has ${longest} characters`);
  });
  await list.check("4.3.1", "must", "the ETag is strong", () => {
    if (entityTag === undefined) throw new Skip("there is none");
    need(/^"[^"]+"$/.test(entityTag), `ETag: ${entityTag}`);
  });
  await list.check("4.6", "must", "Link headers of ICE servers are well formed", () => {
    const links = reply.headers.get("link");
    if (links === null) {
      if (target.hasIceServers) throw new Error("there are none");
      throw new Skip("no ICE servers");
    }
    const one = String.raw`<(stuns?|turns?):[^>]+>\s*;\s*rel="?ice-server"?(\s*;\s*[a-z-]+="?[^",;]*"?)*`;
    const foreign = String.raw`<[^>]*>\s*(;\s*[\w-]+=("[^"]*"|[^",;\s]+))*`;
    need(new RegExp(`^(${one}|${foreign})(,\\s*(${one}|${foreign}))*$`).test(links), "malformed");
    need(/ice-server/.test(links), "none has rel=ice-server");
  });
  await list.check("OBS", "own", "no comma stands inside a Link", () => {
    const links = reply.headers.get("link");
    if (links === null) throw new Skip("no Link");
    for (const part of links.split(",")) need(/^\s*<[^>]+>/.test(part), "a comma inside");
  });
  await list.check("4.6", "must", "TURN comes with credentials", () => {
    const turns = (reply.headers.get("link") ?? "").split(",").filter((l) => /<turns?:/.test(l));
    if (turns.length === 0) throw new Skip("no TURN");
    const complete = turns.every((l) => /username=/.test(l) && /credential=/.test(l));
    need(complete, "one has none");
  });
  await list.check("Fetch 3.3", "must", "pages of other sites can read Location", () =>
    exposes("location"),
  );
  await list.check("Fetch 3.3", "should", "and ETag and Link", () => {
    exposes("etag");
    exposes("link");
  });

  function exposes(name: string): void {
    const exposed = reply.headers.get("access-control-expose-headers")?.toLowerCase() ?? "";
    need(exposed === "*" || exposed.includes(name), `exposed: ${exposed}`);
  }
}

async function checkDescription(
  { list, protocol }: Context,
  { offer, answer }: OpenSession,
): Promise<void> {
  const offered = readDescription(offer);
  const answered = readDescription(answer);
  const media = answered.media.filter(({ kind }) => kind !== "application");
  const ours = protocol === "whip" ? "recvonly" : "sendonly";
  await list.check("RFC 3264 6", "must", "the answer has the offer's m-lines in order", () => {
    const shape = ({ media: lines }: Description): string =>
      lines.map(({ kind, mid }) => `${kind} ${mid}`).join(", ");
    need(shape(answered) === shape(offered), shape(answered));
  });
  await list.check("4.4.3", "must", "no m-line is rejected", () => {
    // A stream without sound has nothing to send.
    const rejected = media.filter(({ port }) => port === "0");
    if (protocol === "whep" && rejected.length < media.length && rejected.length > 0) {
      throw new Skip("the stream may lack a track");
    }
    need(rejected.length === 0, `${rejected.map(({ kind }) => kind).join(", ")} rejected`);
  });
  await list.check("4.2", "must", `every m-line is ${ours}`, () => {
    const all = media.map(({ direction }) => direction);
    const fine = all.every((d) => d === ours || (protocol === "whep" && d === "inactive"));
    need(fine && all.includes(ours), all.join(", "));
  });
  await list.check("RFC 8842 5.3", "must", "the server has chosen a DTLS role", () => {
    const roles = media.filter(({ port }) => port !== "0").map(({ setup }) => setup ?? "none");
    need(
      roles.every((role) => role === "passive" || role === "active"),
      roles.join(", "),
    );
  });
  await list.check("4.4.1", "must", "all m-lines are bundled, with RTCP multiplexed", () => {
    const accepted = media.filter(
      ({ port, attributes }) => port !== "0" || attributes.includes("bundle-only"),
    );
    const missing = accepted.filter(({ mid }) => !answered.bundle.includes(mid ?? ""));
    need(missing.length === 0, `not bundled: ${missing.map(({ mid }) => mid).join(", ")}`);
    need(
      accepted.every(({ attributes }) => attributes.includes("rtcp-mux")),
      "no a=rtcp-mux",
    );
  });
  await list.check("4.3.2", "must", "all of the server's candidates are there", () => {
    need(
      answered.media.some(({ candidates }) => candidates.length > 0),
      "there are none",
    );
  });
}
