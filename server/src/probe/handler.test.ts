import { afterEach, describe, expect, it } from "vitest";
import { type Rig, startRig } from "./test-rig.ts";

const sdp = { "Content-Type": "application/sdp" };
const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function rigWith(...options: Parameters<typeof startRig>): Promise<Rig> {
  const rig = await startRig(...options);
  open.push(rig);
  return rig;
}

async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

describe("facts", () => {
  it("tell clock, place and the servers for the path to whoever may watch", async () => {
    const rig = await rigWith();
    const answer = await rig.ask("GET", "/doctor/facts");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({
      wallMs: 1_700_000_000_000,
      network: "loopback",
      base: `${rig.url}/tv`,
      proxy: "none",
      access: "OK",
      beats: { count: 10, everyMs: 250 },
      iceServers: [{ urls: ["turn:192.0.2.1:3478"], username: "doctor", credential: "turn-key" }],
    });
    expect(rig.asked[0]).toMatchObject({ action: "play", stream: "doctor", address: "127.0.0.1" });
  });

  it("give no credentials to whoever may not watch, and say why", async () => {
    const rig = await rigWith();
    const facts = await (await rig.ask("GET", "/doctor/facts?stream=live/closed")).json();
    expect(facts).toMatchObject({ access: "UNAUTHORIZED", iceServers: [] });
    const shown = { Authorization: "Bearer secret" };
    const told = await (await rig.ask("GET", "/doctor/facts?stream=live/closed", shown)).json();
    expect(told).toMatchObject({ access: "OK" });
    const wrong = await (await rig.ask("GET", "/doctor/facts?stream=..%2f..")).json();
    expect(wrong).toMatchObject({ access: "STREAM_NAME_INVALID", iceServers: [] });
  });

  it("take a token of the longest length and none that is longer", async () => {
    const rig = await rigWith();
    const ask = async (length: number): Promise<unknown> => {
      const path = `/doctor/facts?token=${"t".repeat(length)}`;
      return ((await (await rig.ask("GET", path)).json()) as { access: unknown }).access;
    };
    expect(await ask(4096)).toBe("OK");
    expect(await ask(4097)).toBe("TOKEN_TOO_LONG");
  });

  it("see through a proxy that is trusted, and tell of one that is not", async () => {
    const passed = {
      "X-Forwarded-For": "203.0.113.9",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "gw.example",
    };
    const trusting = await rigWith({}, ["loopback"]);
    expect(await (await trusting.ask("GET", "/doctor/facts", passed)).json()).toMatchObject({
      network: "public",
      base: "https://gw.example/tv",
      proxy: "trusted",
    });
    const doubting = await rigWith();
    expect(await (await doubting.ask("GET", "/doctor/facts", passed)).json()).toMatchObject({
      network: "unknown",
      base: `${doubting.url}/tv`,
      proxy: "unknown",
    });
  });
});

describe("peers", () => {
  it("answer an offer, and end when they are deleted", async () => {
    const rig = await rigWith();
    const answer = await rig.ask("POST", "/doctor/peer", sdp, "v=0 …");
    expect(answer.status).toBe(201);
    expect(await answer.text()).toBe("answer to v=0 …");
    const place = (answer.headers.get("location") ?? "").replace(/^\/tv/, "");
    expect(place).toMatch(/^\/doctor\/peer\/[\w-]{22}$/);
    expect(rig.handler.peers).toBe(1);
    expect((await rig.ask("DELETE", place)).status).toBe(204);
    expect([rig.handler.peers, rig.peers.open, rig.clock.timers]).toEqual([0, 0, 0]);
    expect((await rig.ask("DELETE", place)).status).toBe(204);
    expect(rig.peers.closed).toEqual(["CLIENT_LEFT"]);
  });

  it("are not for whoever may not watch", async () => {
    const rig = await rigWith();
    const answer = await rig.ask("POST", "/doctor/peer?stream=live/closed", sdp, "v=0");
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(await codeOf(answer)).toBe("401 UNAUTHORIZED");
    expect(rig.peers.open).toBe(0);
  });

  it("leave nothing behind when the offer is none", async () => {
    const rig = await rigWith();
    expect(await codeOf(await rig.ask("POST", "/doctor/peer", sdp, "hello"))).toBe(
      "400 SDP_INVALID",
    );
    expect([rig.handler.peers, rig.peers.open, rig.clock.timers]).toEqual([0, 0, 0]);
  });

  it("end by themselves after their time, or when they are gone", async () => {
    const rig = await rigWith();
    await rig.openPeer();
    rig.clock.advance(19_999);
    expect(rig.handler.peers).toBe(1);
    rig.clock.advance(1);
    expect([rig.handler.peers, rig.peers.open]).toEqual([0, 0]);
    await rig.openPeer();
    rig.peers.vanish();
    expect([rig.handler.peers, rig.peers.open, rig.clock.timers]).toEqual([0, 0, 0]);
  });

  it("are as many as there may be of one address", async () => {
    const rig = await rigWith({ limits: { maxPeersPerAddress: 2 } });
    const [first] = [await rig.openPeer(), await rig.openPeer()];
    const third = await rig.ask("POST", "/doctor/peer", sdp, "v=0");
    expect(third.headers.get("retry-after")).toBe("2");
    expect(await codeOf(third)).toBe("503 PROBES_FULL");
    await rig.ask("DELETE", first);
    expect((await rig.ask("POST", "/doctor/peer", sdp, "v=0")).status).toBe(201);
  });

  it("take an offer of the longest size and none that is longer", async () => {
    const rig = await rigWith({ limits: { maxSdpBytes: 100 } });
    const offer = "v=0".padEnd(100, "x");
    expect((await rig.ask("POST", "/doctor/peer", sdp, offer)).status).toBe(201);
    expect(await codeOf(await rig.ask("POST", "/doctor/peer", sdp, `${offer}x`))).toBe(
      "413 BODY_TOO_LARGE",
    );
  });
});

describe("who may ask", () => {
  it.each([
    ["POST", "/doctor/facts", "405 METHOD_NOT_ALLOWED"],
    ["GET", "/doctor/peer", "405 METHOD_NOT_ALLOWED"],
    ["DELETE", "/doctor/events", "405 METHOD_NOT_ALLOWED"],
  ])("%s %s: %s", async (method, path, expected) => {
    const rig = await rigWith();
    const answer = await rig.ask(method, path);
    expect(answer.headers.get("allow")).toMatch(/^(GET|POST)$/);
    expect(await codeOf(answer)).toBe(expected);
  });

  it("not pages of other sites, nor bodies of other types, nor whoever asks too often", async () => {
    const rig = await rigWith({ limits: { requests: { perSecond: 1, burst: 4 } } });
    const foreign = await rig.ask("GET", "/doctor/facts", { Origin: "https://evil.example" });
    expect(await codeOf(foreign)).toBe("403 ORIGIN_FORBIDDEN");
    const text = { "Content-Type": "text/plain" };
    expect(await codeOf(await rig.ask("POST", "/doctor/peer", text, "v=0"))).toBe(
      "415 CONTENT_TYPE_UNSUPPORTED",
    );
    for (let at = 0; at < 3; at++) await (await rig.ask("GET", "/doctor/facts")).text();
    expect(await codeOf(await rig.ask("GET", "/doctor/facts"))).toBe("429 RATE_LIMITED");
    rig.clock.advance(1000);
    expect((await rig.ask("GET", "/doctor/facts")).status).toBe(200);
  });

  it("nobody while the server closes, and what was open is closed", async () => {
    const rig = await rigWith();
    await rig.openPeer();
    rig.handler.close();
    rig.handler.close();
    expect(rig.peers.closed).toEqual(["SERVER_CLOSING"]);
    expect(await codeOf(await rig.ask("GET", "/doctor/facts"))).toBe("503 SERVER_CLOSING");
  });

  it.each(["/doctor", "/doctor/", "/doctor/peer/", "/doctor/else", "/live/cam"])(
    "somebody else answers %s",
    async (path) => {
      const rig = await rigWith();
      expect(await (await rig.ask("GET", path)).text()).toBe("not ours");
    },
  );
});
