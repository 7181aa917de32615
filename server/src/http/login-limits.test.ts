import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import type { FrontOptions } from "./front.ts";
import { FakeAccess } from "./test-access.ts";
import { type Answer, type Asked, askAt } from "./test-browser.ts";
import { type Rig, type RigOptions, startRig } from "./test-rig.ts";

const password = "may-i-watch-this";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(front: Partial<FrontOptions> = {}, more: RigOptions = {}): Promise<void> {
  rig = await startRig({
    ...more,
    front: { access: new FakeAccess({ live: [password] }), ...front },
  });
}

const ask = (...asked: Asked): Promise<Answer> => askAt(rig?.url ?? "", ...asked);
const send = (value: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask("/live/cam", headers, `password=${encodeURIComponent(value)}`);

describe("attempts", () => {
  const limits = { loginAttempts: { perSecond: 0.1, burst: 3 }, maxLoginAddresses: 2 };

  test("are limited per address, and more come with time (429)", async () => {
    const clock = new FakeClock();
    await start({ clock, loginLimits: limits });
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await send("wrong")).status).toBe(401);
    }
    const limited = await send(password);
    expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "10"]);
    expect(limited.text).toContain("Too many attempts. Try again in 10 seconds.");
    expect(limited.setCookies).toEqual([]);
    clock.advance(9_999);
    expect((await send(password)).status).toBe(429);
    clock.advance(1);
    expect((await send(password)).status).toBe(303);
  });

  test("with the right password do not count", async () => {
    await start({ clock: new FakeClock(), loginLimits: limits });
    for (let attempt = 0; attempt < 10; attempt++) {
      expect((await send(password)).status).toBe(303);
    }
  });

  test("of so many addresses are remembered, the latest", async () => {
    await start({ clock: new FakeClock(), loginLimits: limits }, { trustProxy: ["loopback"] });
    const from = (last: number) => ({ "X-Forwarded-For": `203.0.113.${last}` });
    for (let attempt = 0; attempt < 3; attempt++) await send("wrong", from(1));
    expect((await send("wrong", from(1))).status).toBe(429);
    for (const last of [2, 3]) await send("wrong", from(last));
    expect((await send("wrong", from(1))).status).toBe(401);
  });
});

describe("the cookie of a viewer (row 8)", () => {
  test("is set once, at random, on pages of streams, and hidden from scripts", async () => {
    await start();
    const ids = new Set<string>();
    for (const path of ["/any/cam", "/embed/any/cam"]) {
      const { setCookies, headers } = await ask(path);
      expect(setCookies).toHaveLength(1);
      const set = /^millrace_client=([\w-]{22}); Path=\/; HttpOnly; SameSite=Lax$/;
      ids.add(set.exec(setCookies[0] ?? "")?.[1] ?? "");
      expect(headers["cache-control"]).toBe("private, no-cache");
    }
    expect(ids.size).toBe(2);
    expect(ids).not.toContain("");
    const back = await ask("/any/cam", { Cookie: `a=b; millrace_client=${[...ids][0]}` });
    expect([back.setCookies, back.headers["cache-control"]]).toEqual([[], "no-cache"]);
  });

  test("that is none of ours is replaced", async () => {
    await start();
    const { setCookies } = await ask("/any/cam", { Cookie: "millrace_client=<script>" });
    expect(setCookies).toHaveLength(1);
  });

  test("is not set elsewhere, nor by HEAD, nor where it is switched off", async () => {
    await start();
    for (const path of ["/", "/publish", "/player.js", "/api/v1/streams/live/cam"]) {
      expect((await ask(path)).setCookies).toEqual([]);
    }
    expect((await ask("/any/cam", {}, undefined, "HEAD")).setCookies).toEqual([]);
    await rig?.close();
    await start({ clientCookie: false });
    expect((await ask("/any/cam")).setCookies).toEqual([]);
  });

  test("in frames of other sites goes with TLS only", async () => {
    await start({}, { trustProxy: ["loopback"] });
    const { setCookies } = await ask("/embed/any/cam", { "X-Forwarded-Proto": "https" });
    expect(setCookies[0]).toMatch(/; HttpOnly; SameSite=None; Partitioned; Secure$/);
  });
});
