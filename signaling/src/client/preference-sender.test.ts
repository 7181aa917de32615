import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LayerPreference, SignalingError } from "../protocol/index.ts";
import { PreferenceSender } from "./preference-sender.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function rig(): { sender: PreferenceSender; sent: LayerPreference[]; refuse(code: string): void } {
  const sent: LayerPreference[] = [];
  let refusal: string | undefined;
  const sender = new PreferenceSender(async (preference) => {
    sent.push(preference);
    const code = refusal;
    refusal = undefined;
    if (code !== undefined) throw new SignalingError(code, "");
  });
  return {
    sender,
    sent,
    refuse: (code) => {
      refusal = code;
    },
  };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const size = (width: number, height = width): LayerPreference => ({ viewport: { width, height } });

test("the first wish goes out at once, of those that follow quickly the latest, wishes of other kinds with it", async () => {
  const { sender, sent } = rig();
  sender.prefer(size(100));
  for (let width = 101; width <= 200; width += 1) sender.prefer(size(width));
  sender.prefer({ rid: "h" });
  expect(sent).toEqual([size(100)]);
  await pass(250);
  expect(sent).toEqual([size(100), { ...size(200), rid: "h" }]);
  await pass(60_000);
  expect([sent.length, vi.getTimerCount()]).toEqual([2, 0]);
});

test("sizes are whole pixels that the protocol allows", async () => {
  const { sender, sent } = rig();
  for (const [width, height] of [
    [0, 0.1],
    [640.2, 99_999],
    [Number.NaN, -5],
  ] as const) {
    sender.prefer(size(width, height));
    await pass(250);
  }
  sender.prefer({ viewport: null, rid: null });
  await pass(250);
  expect(sent).toEqual([size(1, 1), size(641, 16_384), size(1, 1), { viewport: null, rid: null }]);
});

test.each(["RATE_LIMITED", "TIMEOUT"])(
  "what failed by %s is sent again, as it is by then",
  async (code) => {
    const { sender, sent, refuse } = rig();
    refuse(code);
    sender.prefer({ ...size(100), rid: "h" });
    await pass(0);
    sender.prefer(size(200));
    await pass(999);
    expect(sent).toHaveLength(1);
    await pass(1);
    expect(sent[1]).toEqual({ ...size(200), rid: "h" });
  },
);

test("what is refused for good is not repeated", async () => {
  const { sender, sent, refuse } = rig();
  refuse("SESSION_NOT_FOUND");
  sender.prefer(size(100));
  await pass(60_000);
  expect(sent).toHaveLength(1);
});

test("nothing is sent after close", async () => {
  const { sender, sent } = rig();
  sender.prefer(size(1));
  sender.prefer(size(2));
  sender.close();
  sender.close();
  sender.prefer(size(3));
  await pass(60_000);
  expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
});
