import { describe, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import type { AccessRequest } from "../core/ports.ts";
import { type AccessSettings, StaticAccess } from "./static-access.ts";

const settings: AccessSettings = {
  publishTokens: ["studio-token"],
  playTokens: ["house-token"],
  adminTokens: ["admin-token"],
  publishWithoutToken: "auto",
  playWithoutToken: "auto",
  adminWithoutToken: "auto",
  rules: [
    { streams: "club/*", playTokens: ["club-token-1", "club-token-2"] },
    { streams: "open/*", playTokens: [], playWithoutToken: "anybody" },
    { streams: "home/*", playTokens: ["home-token"], playWithoutToken: "private" },
  ],
};

const asking = (stream: string, token?: string): AccessRequest => ({
  action: "play",
  stream,
  token,
  address: "203.0.113.7",
  transport: "webrtc",
  userAgent: undefined,
});

async function outcome(act: Promise<unknown>): Promise<unknown> {
  try {
    return await act;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function passFor(access: StaticAccess, stream: string, token: string, shown?: string) {
  const given = await access.logIn(asking(stream, token), shown);
  return given?.pass ?? "";
}

describe("a pass", () => {
  test("opens to watch what its token opens, and nothing else", async () => {
    const access = new StaticAccess(settings);
    const pass = await passFor(access, "club/hall", "club-token-1");
    const play = (stream: string) => outcome(access.authorize(asking(stream, pass)));
    expect(await play("club/hall")).toBeUndefined();
    expect(await play("club/bar")).toBeUndefined();
    expect(await play("live/cam")).toBe("UNAUTHORIZED");
    expect(await play("home/door")).toBe("UNAUTHORIZED");
  });

  test("never publishes, calls or administers, whatever it was given for (CSRF)", async () => {
    const tokens = { publishTokens: ["one-for-all"], playTokens: ["one-for-all"] };
    const access = new StaticAccess({ ...settings, ...tokens, adminTokens: ["one-for-all"] });
    const pass = await passFor(access, "live/cam", "one-for-all");
    expect(await outcome(access.authorize(asking("live/cam", pass)))).toBeUndefined();
    for (const action of ["publish", "call"] as const) {
      const asked = { ...asking("live/cam", pass), action };
      expect(await outcome(access.authorize(asked))).toBe("UNAUTHORIZED");
    }
    const address = "203.0.113.7";
    for (const shown of [{ token: pass }, { token: undefined, pass }]) {
      const asked = access.admin.authorize({ ...shown, address, addressProven: true });
      expect(await outcome(asked)).toBe("UNAUTHORIZED");
    }
  });

  test("is good for the hours that are set, by default twelve", async () => {
    const clock = new FakeClock();
    for (const [hours, loginHours] of [
      [12, undefined],
      [0.5, 0.5],
    ] as const) {
      const access = new StaticAccess({ ...settings, loginHours }, clock);
      const given = await access.logIn(asking("live/cam", "house-token"), undefined);
      expect(given?.maxAgeSeconds).toBe(hours * 3600);
      const play = () => outcome(access.authorize(asking("live/cam", given?.pass)));
      clock.advance(hours * 3_600_000 - 1000);
      expect(await play()).toBeUndefined();
      clock.advance(1000);
      expect(await play()).toBe("UNAUTHORIZED");
    }
  });

  test("is good after a restart with the same secret, as long as its token is", async () => {
    const cookieSecret = "a-secret-of-the-operator";
    const before = new StaticAccess({ ...settings, cookieSecret });
    const pass = await passFor(before, "club/hall", "club-token-1");
    const after = (rules: AccessSettings["rules"], secret = cookieSecret) =>
      outcome(
        new StaticAccess({ ...settings, rules, cookieSecret: secret }).authorize(
          asking("club/hall", pass),
        ),
      );
    expect(await after(settings.rules)).toBeUndefined();
    expect(await after([{ streams: "club/*", playTokens: ["club-token-2"] }])).toBe("UNAUTHORIZED");
    expect(await after(settings.rules, "another")).toBe("UNAUTHORIZED");
    expect(await after(settings.rules, "")).toBe("UNAUTHORIZED");
  });

  test("that follows another is good for both", async () => {
    const access = new StaticAccess(settings);
    const club = await passFor(access, "club/hall", "club-token-2");
    const both = await passFor(access, "live/cam", "house-token", club);
    for (const stream of ["club/hall", "live/cam"]) {
      expect(await outcome(access.authorize(asking(stream, both)))).toBeUndefined();
    }
  });
});

describe("logging in", () => {
  test.each([
    ["live/cam", "wrong-token", "UNAUTHORIZED"],
    ["live/cam", "", "UNAUTHORIZED"],
    ["live/cam", undefined, "UNAUTHORIZED"],
    ["live/cam", "club-token-1", "UNAUTHORIZED"],
    ["live/cam", "studio-token", "FORBIDDEN"],
    ["club/hall", "house-token", "UNAUTHORIZED"],
  ])("to %s with %j is refused with %s", async (stream, token, expected) => {
    const access = new StaticAccess(settings);
    expect(await outcome(access.logIn(asking(stream, token), undefined))).toBe(expected);
  });

  test("gives no pass where none is needed", async () => {
    const access = new StaticAccess(settings);
    expect(await access.logIn(asking("open/cam", "anything"), undefined)).toBeUndefined();
    const atHome = { ...asking("home/door", "anything"), address: "192.168.1.2" };
    expect(await access.logIn(atHome, undefined)).toBeUndefined();
  });

  test("takes no pass in the place of a token", async () => {
    const access = new StaticAccess(settings);
    const pass = await passFor(access, "live/cam", "house-token");
    expect(await access.logIn(asking("live/cam", pass), undefined)).toBeUndefined();
  });
});
