import { need, Skip } from "./checklist.ts";
import { type Context, orSkip, post, sdpType } from "./context.ts";
import { mustBe, mustBeEmpty, mustRefuse, mustSucceed, type Reply } from "./requests.ts";
import { knownCodec, type TextMedia, textOffer } from "./text-offers.ts";

const none = { authorization: "" } as const;

/** What an endpoint does with requests that need no real offer: verbs, pages of other sites, refusals. */
export async function checkEndpoint(context: Context): Promise<void> {
  await checkVerbs(context);
  await checkPages(context);
  await checkRefusals(context);
  await checkTokens(context);
}

/** An offer as the protocol wants it, with nobody behind it. */
function usualOffer({ protocol }: Context): string {
  const direction = protocol === "whip" ? "sendonly" : "recvonly";
  return textOffer(
    (["audio", "video"] as const).map((kind) => ({ kind, direction, codec: knownCodec[kind] })),
  );
}

async function checkVerbs({ list, requests, endpoint }: Context): Promise<void> {
  const options = await requests.ask("OPTIONS", endpoint);
  await list.check("4.2", "must", "OPTIONS of the endpoint succeeds", () => mustSucceed(options));
  await list.check("4.2", "should", "and is exactly 200", () => mustBe(options, 200));
  await list.check("4.2", "should", "and tells Accept-Post: application/sdp", () => {
    const accept = options.headers.get("accept-post");
    need(accept === sdpType, `Accept-Post: ${accept}`);
  });
  for (const method of ["GET", "HEAD"]) {
    await list.check("4.2", "should", `${method} of the endpoint is 2xx and empty`, async () => {
      mustBeEmpty(await requests.ask(method, endpoint));
    });
  }
  await list.check("RFC 9110 15.5.6", "should", "PUT is 405 with Allow", async () => {
    const reply = await requests.ask("PUT", endpoint);
    mustBe(reply, 405);
    const allow = reply.headers.get("allow");
    need(/\bPOST\b/.test(allow ?? ""), `Allow: ${allow}`);
  });
}

async function checkPages({ list, requests, endpoint, page }: Context): Promise<void> {
  const preflight = await requests.ask("OPTIONS", endpoint, {
    headers: {
      origin: "https://studio.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,if-match",
    },
  });
  const header = (name: string): string => preflight.headers.get(name)?.toLowerCase() ?? "";
  await list.check("Fetch 3.3", "must", "a page of another site may POST", () => {
    need(
      ["*", "https://studio.example"].includes(header("access-control-allow-origin")),
      `Access-Control-Allow-Origin: ${header("access-control-allow-origin")}`,
    );
    need(/\*|\bpost\b/.test(header("access-control-allow-methods")), "POST is not allowed");
  });
  await list.check("Fetch 3.3", "must", "and show a token, a type and If-Match", () => {
    const allowed = header("access-control-allow-headers");
    // A star does not cover Authorization.
    for (const name of ["authorization", "content-type", "if-match"]) {
      need(allowed.includes(name), `Access-Control-Allow-Headers: ${allowed}`);
    }
  });
  await list.check("4.6", "must", "a preflight tells no TURN credentials", () => {
    need(!/credential=/.test(header("link")), "Link has a credential");
  });
  await list.check("Fetch 3.3", "own", "a page can read why it was refused", async () => {
    const status = await page.evaluate(async (url) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/sdp" },
        body: "garbage",
      });
      return response.status;
    }, endpoint);
    need(status >= 400 && status < 500, `answered ${status}`);
  });
}

async function checkRefusals(context: Context): Promise<void> {
  const { list, protocol } = context;
  const wrongType = await post(context, usualOffer(context), { "content-type": "text/plain" });
  await list.check("4.2", "must", "a body of another type is refused", () => mustRefuse(wrongType));
  await list.check("4.2", "should", "with 415", () => mustBe(wrongType, 415));
  const garbage = await post(context, "this is not SDP");
  await list.check("4.2", "must", "a body that is no SDP is refused", () => mustRefuse(garbage));
  await list.check("4.2", "should", "with 400", () => mustBe(garbage, 400));
  await list.check("4.2", "must", "an empty body is no offer", async () => {
    // Older WHEP asks for the server's offer in this way.
    const reply = await post(context, "");
    if (protocol === "whep" && reply.status === 201) throw new Skip("the server offers itself");
    mustRefuse(reply);
  });
  await list.check("RFC 9457", "should", "a refusal is a problem document", () => {
    const type = garbage.headers.get("content-type") ?? "";
    need(type.startsWith("application/problem+json"), `Content-Type: ${type}`);
    const { status } = JSON.parse(garbage.text) as { status?: number };
    need(status === undefined || status === garbage.status, `its status is ${status}`);
  });
  if (protocol === "whip") await checkOffers(context);
}

/** RFC 9725 section 4.2 and 4.4. What is taken is ended again. */
async function checkOffers(context: Context): Promise<void> {
  const { list } = context;
  const sends = (kind: TextMedia["kind"], codec?: string): TextMedia => ({
    kind,
    direction: "sendonly",
    codec: codec ?? knownCodec[kind],
  });
  const offers: readonly [string, string, readonly TextMedia[]][] = [
    ["4.2", "a recvonly offer", [{ ...sends("video"), direction: "recvonly" }]],
    ["4.2", "an inactive offer", [{ ...sends("video"), direction: "inactive" }]],
    ["4.4.3", "sound and a video codec nobody has", [sends("audio"), sends("video", "X-NO/90000")]],
    ["4.4.3", "a codec nobody has", [sends("video", "X-NO/90000")]],
    ["4.4.2", "two videos", [sends("video"), sends("video")]],
  ];
  for (const [section, what, media] of offers) {
    await list.check(section, "must", `${what} is refused with 4xx or taken whole`, async () => {
      const reply = await post(context, textOffer(media));
      if (reply.status !== 201) return mustRefuse(reply);
      await endText(context, reply);
      const lines = reply.text.split(/\r?\n(?=m=)/).slice(1);
      const whole = lines.every((line) => !/^m=\S+ 0 /.test(line) && line.includes("a=recvonly"));
      need(whole, "taken in part");
    });
    await list.check(section, "should", `${what}: with 422 or 400`, async () => {
      const reply = await post(context, textOffer(media));
      await endText(context, reply);
      if (reply.status === 201) throw new Skip("it is taken");
      mustBe(reply, 422, 400);
    });
  }
}

async function checkTokens(context: Context): Promise<void> {
  const { list, target, protocol } = context;
  const needed = (): string => orSkip(target.tokens[protocol], "no token is needed here");
  await list.check("4.7", "must", "without a token: 401", async () => {
    needed();
    mustBe(await post(context, usualOffer(context), none), 401);
  });
  await list.check("RFC 6750 3", "must", "401 comes with WWW-Authenticate: Bearer", async () => {
    needed();
    const { headers } = await post(context, usualOffer(context), none);
    const challenge = headers.get("www-authenticate");
    need(/^bearer\b/i.test(challenge ?? ""), `WWW-Authenticate: ${challenge}`);
  });
  await list.check("4.7", "must", "with a wrong token: 401 or 403", async () => {
    needed();
    const wrong = { authorization: "Bearer no-such-token" };
    mustBe(await post(context, usualOffer(context), wrong), 401, 403);
  });
  await list.check(
    "RFC 9110 15.5.4",
    "should",
    "with a token for something else: 403",
    async () => {
      const other = orSkip(target.forbiddenTokens[protocol], "no such token is known");
      const shown = { authorization: `Bearer ${other}` };
      mustBe(await post(context, usualOffer(context), shown), 403);
    },
  );
}

/** Ends what a text offer opened, if it did. */
async function endText({ requests, authorization }: Context, reply: Reply): Promise<void> {
  const location = reply.headers.get("location");
  if (reply.status !== 201 || location === null) return;
  await requests.ask("DELETE", new URL(location, reply.url).href, { headers: authorization });
}
