import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { admit, RefusedError, Registry, silentLog, type Viewer } from "../core/index.ts";
import type { Access, AccessRequest } from "../core/ports.ts";
import { HookedAccess } from "./hooked-access.ts";
import { defaultHookLimits } from "./limits.ts";
import type { HookAnswer, HookQuestion, SessionEnding, SessionHook } from "./question.ts";
import { SessionBook } from "./session-book.ts";

class Hook implements SessionHook {
  readonly name = "test";
  readonly asked: HookQuestion[] = [];
  readonly told: (SessionEnding & { readonly session: string | undefined })[] = [];
  answer: HookAnswer = { allow: true };

  asks(): boolean {
    return true;
  }

  decides(): boolean {
    return true;
  }

  async ask(question: HookQuestion): Promise<HookAnswer> {
    this.asked.push(question);
    return this.answer;
  }

  ended({ session }: HookQuestion, ending: SessionEnding): void {
    this.told.push({ session, ...ending });
  }
}

const playing: AccessRequest = {
  action: "play",
  stream: "live/cam",
  token: "ticket",
  address: "192.0.2.1",
  transport: "ll-hls",
  userAgent: "test",
  session: "of-the-playlist",
};

let clock: FakeClock;
let registry: Registry;
let hook: Hook;
let book: SessionBook;
let access: Access;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  hook = new Hook();
  book = new SessionBook(clock, { ...defaultHookLimits, maxCached: 3 });
  access = accessWith([hook]);
  registry.watch(book.observer);
  registry.publish({
    ...{ stream: "live/cam", transport: "demo", address: "" },
    onKick: () => {},
  });
});

function accessWith(sessionHooks: readonly SessionHook[]): Access {
  return new HookedAccess({
    access: { authorize: async () => undefined },
    ...{ hooks: [], sessionHooks, book, clock, log: silentLog },
  });
}

async function watch(request: AccessRequest = playing): Promise<Viewer> {
  const grant = await admit(access, request);
  const { address, transport } = request;
  const stats = () => ({ bytesSent: 1000, bytesReceived: 10 });
  const viewer = registry.get("live/cam")?.addViewer({ grant, address, transport, stats });
  if (viewer === undefined) throw new Error("no stream");
  return viewer;
}

describe("a session of many requests", () => {
  test("is asked about once and told once, and its id is the viewer's", async () => {
    const viewer = await watch();
    for (let second = 0; second < 300; second++) {
      clock.advance(1000);
      expect((await admit(access, playing)).session).toBe(viewer.id);
    }
    expect(hook.asked).toHaveLength(1);
    expect(hook.asked[0]?.session).toBe(viewer.id);
    viewer.close("CLIENT_GONE");
    viewer.close("CLIENT_GONE");
    const ending = { reason: "CLIENT_GONE", began: true, seconds: 300 };
    expect(hook.told).toEqual([
      { session: viewer.id, ...ending, bytesSent: 1000, bytesReceived: 10 },
    ]);
    // Whoever comes back is another session.
    expect((await watch()).id).not.toBe(viewer.id);
    expect(hook.asked).toHaveLength(2);
  });

  test("is one question for requests that come together", async () => {
    const grants = await Promise.all([admit(access, playing), admit(access, playing)]);
    expect(hook.asked).toHaveLength(1);
    expect(grants[0]?.session).toBe(grants[1]?.session);
  });

  test.each([
    { token: "another" },
    { address: "192.0.2.2" },
    { userAgent: "another" },
    { stream: "live/other" },
    { session: "another" },
    { session: undefined },
    { transport: "long-poll" },
  ] as const)("is not that of %j", async (other) => {
    await admit(access, playing);
    await admit(access, { ...playing, ...other });
    expect(hook.asked).toHaveLength(2);
  });

  test("that was refused is not asked about again for a while", async () => {
    hook.answer = { allow: false };
    for (let request = 0; request < 5; request++) {
      await expect(admit(access, playing)).rejects.toMatchObject({ code: "HOOK_DENIED" });
    }
    expect(hook.asked).toHaveLength(1);
    clock.advance(defaultHookLimits.refusalCacheMs);
    hook.answer = { allow: true };
    await admit(access, playing);
    expect(hook.asked).toHaveLength(2);
    expect(hook.told).toEqual([]);
  });
});

test("what is allowed and never begins is told as ended", async () => {
  const { session } = await admit(access, { ...playing, session: undefined });
  clock.advance(defaultHookLimits.unbegunMs - 1000);
  expect(hook.told).toEqual([]);
  clock.advance(2000);
  expect(hook.told).toEqual([
    { session, reason: "NEVER_BEGAN", began: false, seconds: 0, bytesSent: 0, bytesReceived: 0 },
  ]);
  expect(book.size).toBe(0);
});

test("more of those than may be makes the oldest end", async () => {
  for (let count = 0; count < 4; count++) {
    await admit(access, { ...playing, session: undefined, id: `session-${count}` });
  }
  expect(hook.told.map(({ session }) => session)).toEqual(["session-0"]);
  expect(book.size).toBe(3);
});

test("a hook that allowed hears at once when the next one refuses", async () => {
  const no = new Hook();
  no.answer = { allow: false };
  access = accessWith([hook, no]);
  await expect(admit(access, playing)).rejects.toBeInstanceOf(RefusedError);
  expect(hook.told).toMatchObject([{ reason: "HOOK_DENIED", began: false }]);
  expect(no.told).toEqual([]);
});

test("the end of the gateway ends all, once", async () => {
  const viewer = await watch();
  book.close();
  viewer.close();
  book.close();
  expect(hook.told).toMatchObject([{ session: viewer.id, reason: "SERVER_CLOSING" }]);
});

test("what a connection was allowed and did not begin ends when it asks again", async () => {
  const publishing = { ...playing, action: "publish", session: undefined, id: "of-the-connection" };
  const asked = publishing as AccessRequest;
  await admit(access, asked);
  await admit(access, { ...asked, stream: "live/other" });
  expect(hook.asked).toHaveLength(2);
  expect(hook.told).toMatchObject([{ session: "of-the-connection", reason: "NEVER_BEGAN" }]);
  clock.advance(600_000);
  expect(hook.told).toHaveLength(2);
  expect(book.size).toBe(0);
});
