import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { RefusedError, silentLog } from "../core/index.ts";
import type { Access, AccessRequest, Grant } from "../core/ports.ts";
import { HookedAccess } from "./hooked-access.ts";
import type { HookLimits } from "./limits.ts";
import type { AskHook, HookAnswer, HookQuestion } from "./question.ts";

const publishing: AccessRequest = {
  action: "publish",
  stream: "live/key",
  token: "shown",
  address: "192.0.2.1",
  transport: "rtmp",
  userAgent: "OBS",
};
const playing: AccessRequest = { ...publishing, action: "play", transport: "ll-hls" };

class Hook implements AskHook {
  readonly name = "test";
  readonly asked: HookQuestion[] = [];
  readonly answer: (question: HookQuestion) => Promise<HookAnswer> | HookAnswer;
  signal: AbortSignal | undefined;

  constructor(answer: Hook["answer"]) {
    this.answer = answer;
  }

  asks(action: string): boolean {
    return action !== "call";
  }

  async ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    this.asked.push(question);
    this.signal = signal;
    return this.answer(question);
  }
}

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

const open: Access = { authorize: async () => undefined };

function access(
  hooks: readonly AskHook[],
  before: Access = open,
  limits: Partial<HookLimits> = {},
): HookedAccess {
  return new HookedAccess({ access: before, hooks, clock, log: silentLog, limits });
}

async function outcome(asked: Promise<Grant | undefined>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return `${error.code} ${error.status} ${error.message}`;
  }
}

describe("a hook", () => {
  test("is asked with all that is known, and what it says goes into the grant", async () => {
    const hook = new Hook(() => ({
      allow: true,
      stream: "live/cam",
      ttlMs: 5000,
      user: "eva",
      maxViewers: 3,
    }));
    expect(await outcome(access([hook]).authorize(publishing))).toEqual({
      stream: "live/cam",
      user: "eva",
      expiresWallMs: clock.wallMs() + 5000,
      maxViewers: 3,
    });
    expect(hook.asked).toEqual([
      {
        action: "publish",
        stream: "live/key",
        transport: "rtmp",
        address: "192.0.2.1",
        userAgent: "OBS",
        token: "shown",
        user: undefined,
      },
    ]);
  });

  test("that refuses is final, with its reason", async () => {
    const later = new Hook(() => ({ allow: true }));
    const no = new Hook(() => ({ allow: false, reason: "Not today." }));
    expect(await outcome(access([no, later]).authorize(publishing))).toBe(
      "HOOK_DENIED 403 Not today.",
    );
    expect(later.asked).toEqual([]);
    const silent = new Hook(() => ({ allow: false }));
    expect(await outcome(access([silent]).authorize(playing))).toBe(
      "HOOK_DENIED 403 You may not play.",
    );
  });

  test("sees what the one before changed; the stricter limit counts", async () => {
    const first = new Hook(() => ({ allow: true, stream: "live/b", ttlMs: 9000, maxViewers: 2 }));
    const second = new Hook(() => ({ allow: true, ttlMs: 20_000, maxViewers: 7 }));
    expect(await outcome(access([first, second]).authorize(publishing))).toMatchObject({
      stream: "live/b",
      expiresWallMs: clock.wallMs() + 9000,
      maxViewers: 2,
    });
    expect(second.asked[0]?.stream).toBe("live/b");
  });

  test("keeps what the access before it gave", async () => {
    const hook = new Hook(() => ({ allow: true, ttlMs: 60_000 }));
    const expiresWallMs = clock.wallMs() + 1000;
    const before: Access = {
      authorize: async ({ stream }) => ({ stream, user: "eva", expiresWallMs }),
    };
    expect(await outcome(access([hook], before).authorize(publishing))).toMatchObject({
      user: "eva",
      expiresWallMs,
    });
    expect(hook.asked[0]?.user).toBe("eva");
  });

  test("is not asked about whom the access before it refuses, nor when nothing follows", async () => {
    const hook = new Hook(() => ({ allow: true }));
    const before: Access = {
      authorize: async () => {
        throw new RefusedError("UNAUTHORIZED", 401, "no");
      },
    };
    expect(await outcome(access([hook], before).authorize(playing))).toBe("UNAUTHORIZED 401 no");
    expect(await outcome(access([hook]).authorize({ ...playing, look: true }))).toBeUndefined();
    expect(await outcome(access([hook]).authorize({ ...playing, action: "call" }))).toBeUndefined();
    expect(hook.asked).toEqual([]);
  });
});

describe("refuses when a hook", () => {
  const unavailable = "HOOK_UNAVAILABLE 503 Nobody can tell now whether this is allowed.";

  test("is late, and tells it so", async () => {
    const hook = new Hook(() => new Promise(() => {}));
    const asked = outcome(access([hook]).authorize(publishing));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    clock.advance(2999);
    expect(hook.signal?.aborted).toBe(false);
    clock.advance(1);
    expect(await asked).toBe(unavailable);
    expect(hook.signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test.each([
    ["throws", () => Promise.reject(new Error("mine"))],
    ["says nothing", () => undefined as unknown as HookAnswer],
    ["says something else", () => ({ allow: "yes" }) as unknown as HookAnswer],
    ["gives a name that is none", () => ({ allow: true, stream: "../x" })],
    ["gives no time", () => ({ allow: true, ttlMs: 0 })],
    ["gives half a viewer", () => ({ allow: true, maxViewers: 0.5 })],
  ] as const)("%s", async (_, answer) => {
    const hook = new Hook(answer as Hook["answer"]);
    expect(await outcome(access([hook]).authorize(publishing))).toBe(unavailable);
  });

  test("has as many questions as there may be", async () => {
    let allow: (answer: HookAnswer) => void = () => {};
    const hook = new Hook(() => new Promise((resolve) => (allow = resolve)));
    const asked = access([hook], open, { maxAsking: 1 });
    const first = outcome(asked.authorize(publishing));
    await new Promise(setImmediate);
    expect(await outcome(asked.authorize(publishing))).toBe(
      "HOOK_UNAVAILABLE 503 There are as many questions as there may be.",
    );
    allow({ allow: true });
    expect(await first).toMatchObject({ stream: "live/key" });
    expect(asked.stats.asking).toBe(0);
  });
});

describe("what was said about watching", () => {
  test("counts for a while for the same client, stream, token and way", async () => {
    const hook = new Hook(() => ({ allow: true, user: "eva" }));
    const asked = access([hook]);
    for (let i = 0; i < 3; i++) await asked.authorize(playing);
    expect(hook.asked).toHaveLength(1);
    for (const change of [
      { token: "other" },
      { address: "192.0.2.2" },
      { stream: "live/b" },
      { transport: "http-flv" },
      { userAgent: undefined },
    ] as const) {
      await asked.authorize({ ...playing, ...change });
    }
    expect(hook.asked).toHaveLength(6);
    clock.advance(60_000);
    await asked.authorize(playing);
    expect(hook.asked).toHaveLength(7);
  });

  test("counts no longer than it allows", async () => {
    const hook = new Hook(() => ({ allow: true, ttlMs: 2000 }));
    const asked = access([hook]);
    await asked.authorize(playing);
    clock.advance(1999);
    await asked.authorize(playing);
    expect(hook.asked).toHaveLength(1);
    clock.advance(1);
    await asked.authorize(playing);
    expect(hook.asked).toHaveLength(2);
  });

  test("is asked once by clients that ask at the same moment", async () => {
    const hook = new Hook(async () => {
      await new Promise(setImmediate);
      return { allow: false };
    });
    const asked = access([hook]);
    const all = await Promise.all([1, 2, 3].map(() => outcome(asked.authorize(playing))));
    expect(new Set(all)).toEqual(new Set(["HOOK_DENIED 403 You may not play."]));
    expect(hook.asked).toHaveLength(1);
  });

  test("a refusal counts shortly, a failure not at all", async () => {
    const answers: (() => HookAnswer)[] = [
      () => ({ allow: false }),
      () => {
        throw new Error("mine");
      },
      () => ({ allow: true }),
    ];
    const hook = new Hook(() => answers.shift()?.() ?? { allow: false });
    const asked = access([hook]);
    const ask = async (): Promise<unknown> => String(await outcome(asked.authorize(playing)));
    expect(await ask()).toMatch(/^HOOK_DENIED/);
    clock.advance(4999);
    expect(await ask()).toMatch(/^HOOK_DENIED/);
    clock.advance(1);
    expect(await ask()).toMatch(/^HOOK_UNAVAILABLE/);
    expect(await ask()).not.toMatch(/^HOOK/);
    expect(hook.asked).toHaveLength(3);
  });

  test("is remembered up to the limit, and publishers are always asked about", async () => {
    const hook = new Hook(() => ({ allow: true }));
    const asked = access([hook], open, { maxCached: 10 });
    for (let i = 0; i < 50; i++) await asked.authorize({ ...playing, token: String(i) });
    expect(asked.stats).toEqual({ asking: 0, cached: 10 });
    hook.asked.length = 0;
    await asked.authorize(publishing);
    await asked.authorize(publishing);
    expect(hook.asked).toHaveLength(2);
  });
});

test("a bit rate is kept to the least that was said, and one that is none refuses", async () => {
  const hooks = [2_000_000, 3_000_000].map(
    (maxBitrateBps) => new Hook(() => ({ allow: true, maxBitrateBps })),
  );
  const granted = await access(hooks).authorize(publishing);
  expect(granted?.maxBitrateBps).toBe(2_000_000);
  const wrong = new Hook(() => ({ allow: true, maxBitrateBps: 0 }));
  expect(await outcome(access([wrong]).authorize(publishing))).toMatch(/^HOOK_UNAVAILABLE/);
});
