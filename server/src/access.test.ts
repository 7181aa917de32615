import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AccessRig,
  type HookMode,
  hookAnswers,
  type Outcome,
  statusOf,
  tokensFor,
  type Way,
} from "./test-access-rig.ts";
import { flvTcp, playWays, publishWays } from "./test-access-ways.ts";

/** Where the hook's silence is tested it is short, elsewhere a busy machine must not be taken for it. */
let quick: AccessRig;
let patient: AccessRig;
let rig: AccessRig;
beforeAll(async () => {
  [quick, patient] = await Promise.all([AccessRig.start(1), AccessRig.start(30)]);
});
afterAll(() => Promise.all([quick.close(), patient.close()]));

function use(mode: HookMode): void {
  rig = mode === "timeout" ? quick : patient;
  rig.mode = mode;
}

/** Tries that go on at once. */
const atOnce = 16;

let clients = 0;
/** A client of its own for each try, so that no answer is remembered and nobody's rate is reached. */
function nextAddress(): string {
  clients++;
  return `10.${clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`;
}

interface Case {
  readonly name: string;
  readonly expected: string;
  readonly isAsked: boolean;
  run(): Promise<Outcome>;
}

/** Every way with every token; what is right goes to the hook. */
async function casesOf(
  action: "play" | "publish",
  ways: Readonly<Record<string, Way>>,
  mode: HookMode,
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [way, go] of Object.entries(ways)) {
    // One publisher is no other's, and the demo is for all viewers.
    const stream = action === "play" ? "live/demo" : `live/up${clients}`;
    for (const { name, token, refused } of await tokensFor(action, stream)) {
      const address = nextAddress();
      // Two publishers of one name would be in each other's way.
      if (action === "publish" && refused === undefined && name !== "right") continue;
      cases.push({
        name: `${way}, ${name}`,
        expected: refused ?? hookAnswers[mode],
        isAsked: refused === undefined,
        run: () => go(rig, token, { stream, address }),
      });
    }
  }
  return cases;
}

/** What is told of those whom FLV by POST let in, and then found that they sent none. */
const noMedia = ["FLV_SIGNATURE", "FLV_EMPTY"];

function wordOf({ code, status }: Outcome, expected: string): string {
  if (expected === "ok" && (code === "ok" || noMedia.some((one) => code.startsWith(one))))
    return "ok";
  if (status === undefined || statusOf[code] === status) return code;
  return `${code} with status ${status}`;
}

async function results(cases: readonly Case[]): Promise<[told: object, expected: object]> {
  const outcomes: (readonly [string, string])[] = [];
  const left = cases.values();
  const work = async (): Promise<void> => {
    for (const { name, expected, run } of left)
      outcomes.push([name, wordOf(await run(), expected)]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return [
    Object.fromEntries(outcomes),
    Object.fromEntries(cases.map(({ name, expected }) => [name, expected])),
  ];
}

const modes = ["allow", "deny", "timeout", 500, "garbage"] as const satisfies readonly HookMode[];

/** Sessions that a gateway forgets only when their client has not asked for a while. */
function kickAll(): void {
  for (const stream of rig.gateway.registry.list()) {
    for (const { info } of stream.viewers.values()) info.onKick?.("KICKED");
  }
}

describe.each(modes)("while the hook's answer is %s", (mode) => {
  test.each([
    ["play", playWays],
    ["publish", publishWays],
  ] as const)(
    "%s: every way with every token comes to the right end",
    async (action, ways) => {
      use(mode);
      const before = { asked: rig.asked, events: rig.events.length };
      const cases = await casesOf(action, ways, mode);
      const [told, expected] = await results(cases);
      expect(told).toEqual(expected);
      const asked = cases.filter(({ isAsked }) => isAsked).length;
      expect(rig.asked - before.asked).toBeGreaterThanOrEqual(asked);
      await agrees(action, mode, before.events);
    },
    90_000,
  );

  test("raw FLV, where no token can be shown, is closed and the hook not asked", async () => {
    use(mode);
    const before = rig.asked;
    expect(await flvTcp(rig, undefined, { stream: "", address: "" })).toEqual({ code: "closed" });
    expect(rig.asked).toBe(before);
  });
});

/** Nobody who was refused was ever a session; whoever was one began once and ended once. */
async function agrees(action: string, mode: HookMode, from: number): Promise<void> {
  const { registry } = rig.gateway;
  await expect
    .poll(
      () => {
        kickAll();
        const viewers = registry.list().reduce((sum, { viewers }) => sum + viewers.size, 0);
        return [viewers, registry.list().map(({ name }) => name)];
      },
      { timeout: 20_000 },
    )
    .toEqual([0, ["live/demo"]]);
  const events = rig.events.slice(from);
  const sessions = (type: string): string[] =>
    events.flatMap((event) => (event.type === type && "session" in event ? [event.session] : []));
  for (const what of ["play", "publish"]) {
    const [began, ended] = [sessions(`${what}.started`), sessions(`${what}.ended`)];
    expect(new Set(began).size).toBe(began.length);
    expect([...ended].sort()).toEqual([...began].sort());
    const some = what === action && mode === "allow";
    expect(began.length > 0).toBe(some);
  }
  const { viewers } = (await (
    await fetch(`${rig.site}/api/v1/viewers`, { headers: { "X-Forwarded-For": "127.0.0.1" } })
  ).json()) as { viewers: unknown[] };
  expect(viewers).toEqual([]);
}
