import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import { type Answer, createRig, offerSdp, type Rig } from "./test-rig.ts";

const fragmentType = "application/trickle-ice-sdpfrag";
const candidate = "candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host";
const trickle = `a=ice-ufrag:EsAw\r\na=ice-pwd:${"P".repeat(22)}\r\nm=video 9 X 0\r\na=mid:0\r\na=${candidate}\r\n`;
const restart = `a=ice-ufrag:NewU\r\na=ice-pwd:${"N".repeat(22)}\r\na=${candidate}\r\na=end-of-candidates\r\n`;

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

const patch = (path: string, ifMatch: string | undefined, body: string): Promise<Answer> =>
  rig.ask(
    "PATCH",
    path,
    { "Content-Type": fragmentType, ...(ifMatch === undefined ? {} : { "If-Match": ifMatch }) },
    body,
  );

describe.each(["whip", "whep"] as const)("PATCH (%s)", (protocol) => {
  test("trickles candidates: 204 without an ETag", async () => {
    const { path, etag } = await rig.join(protocol);
    const { status, headers, text } = await patch(path, etag, `${trickle}a=end-of-candidates\r\n`);
    expect([status, headers.get("etag"), text]).toEqual([204, null, ""]);
    expect(rig.gateway.last.candidates).toEqual([candidate, null]);
    expect(rig.gateway.last.restarts).toEqual([]);
  });

  test("restarts ICE: 200 with a fragment and a new ETag, which alone counts from then on", async () => {
    const { path, etag } = await rig.join(protocol);
    const { status, headers, text } = await patch(path, '"*"', restart);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe(fragmentType);
    expect(text).toContain("a=ice-ufrag:srv1\r\n");
    const fresh = headers.get("etag") ?? "";
    expect(fresh).toMatch(/^"[\w-]+"$/);
    expect(fresh).not.toBe(etag);
    expect(rig.gateway.last.restarts).toEqual([`NewU ${"N".repeat(22)}`]);
    expect(rig.gateway.last.candidates).toEqual([candidate, null]);
    expect((await patch(path, etag, trickle)).status).toBe(412);
    expect((await patch(path, fresh, restart)).status).toBe(204);
    expect((await rig.ask("GET", path)).headers.get("etag")).toBe(fresh);
  });

  test.each<[string, (etag: string) => string | undefined, string, number, string | undefined]>([
    ["no If-Match", () => undefined, trickle, 428, "IF_MATCH_REQUIRED"],
    ["a stale tag", () => '"stale"', trickle, 412, "ENTITY_TAG_STALE"],
    ["a stale tag on a restart", () => '"stale"', restart, 412, "ENTITY_TAG_STALE"],
    ["a weak tag", (etag) => `W/${etag}`, trickle, 412, "ENTITY_TAG_STALE"],
    ["a list with ours", (etag) => `"x", ${etag}`, trickle, 204, undefined],
    ["* and the known credentials", () => "*", trickle, 204, undefined],
    ["* and new credentials", () => "*", restart, 200, undefined],
    ["our tag and new credentials", (etag) => etag, restart, 200, undefined],
    ["our tag and no credentials", (etag) => etag, `a=${candidate}\r\n`, 204, undefined],
    ["our tag and an empty fragment", (etag) => etag, "", 204, undefined],
    ["our tag and garbage", (etag) => etag, "garbage", 400, "SDP_FRAGMENT_INVALID"],
  ])("with %s", async (_name, ifMatch, body, expected, expectedCode) => {
    const { path, etag } = await rig.join(protocol);
    const { status, code } = await patch(path, ifMatch(etag), body);
    expect([status, code]).toEqual([expected, expectedCode]);
  });

  test("a restart that fails keeps the session and its ETag", async () => {
    const { path, etag } = await rig.join(protocol);
    rig.gateway.last.restart = () => Promise.reject(new ProtocolError("ICE_INVALID", "No."));
    expect((await patch(path, "*", restart)).status).toBe(400);
    expect((await patch(path, etag, trickle)).status).toBe(204);
    expect(rig.gateway.last.closeReason).toBeUndefined();
  });

  test("two at once are dealt with in order: the second sees the first one's restart", async () => {
    const { path, etag } = await rig.join(protocol);
    const [first, second] = await Promise.all([
      patch(path, etag, restart),
      patch(path, etag, restart.replace("NewU", "Newer")),
    ]);
    expect([first.status, second.status].sort()).toEqual([200, 412]);
    expect(rig.gateway.last.restarts).toHaveLength(1);
  });

  test.each(["application/sdp", "text/plain"])("of %s is refused", async (type) => {
    const { path, etag } = await rig.join(protocol);
    const headers = { "Content-Type": type, "If-Match": etag };
    const answer = await rig.ask("PATCH", path, headers, offerSdp);
    expect([answer.status, answer.headers.get("accept-patch")]).toEqual([415, fragmentType]);
  });

  test("too often is refused until time has passed, for that session only", async () => {
    await rig.close();
    rig = await createRig({ limits: { patches: { perSecond: 1, burst: 2 } } });
    const [one, other] = [await rig.join(protocol), await rig.join(protocol)];
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await patch(one.path, "*", trickle)).status);
    expect(statuses).toEqual([204, 204, 429]);
    expect((await patch(other.path, "*", trickle)).status).toBe(204);
    rig.clock.advance(1000);
    expect((await patch(one.path, "*", trickle)).status).toBe(204);
  });

  test("the largest fragment is taken, one byte more is refused", async () => {
    const { path } = await rig.join(protocol);
    const pad = (bytes: number): string => `a=${"x".repeat(bytes - 2)}`;
    expect((await patch(path, "*", pad(16_384))).status).toBe(204);
    expect((await patch(path, "*", pad(16_385))).status).toBe(413);
  });
});
