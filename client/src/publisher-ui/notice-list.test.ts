import { expect, it } from "vitest";
import { type NoticeSituation, noticeList } from "./notice-list.ts";

const well: NoticeSituation = {
  state: { type: "live" },
  microphone: undefined,
  advice: [],
  hints: [],
};
const labels = (situation: Partial<NoticeSituation>) =>
  noticeList({ ...well, ...situation }).map(({ kind, code, actions }) =>
    [kind, code, ...actions.map(({ label }) => label)].join(" "),
  );

it("tells nothing when all is well", () => {
  expect(noticeList(well)).toEqual([]);
});

it("offers to take over a stream that is somebody else's", () => {
  const busy = { type: "error", code: "STREAM_BUSY", message: "" } as const;
  expect(labels({ state: busy })).toEqual(["error STREAM_BUSY Take over Try again"]);
  const taken = { type: "error", code: "TAKEN_OVER", message: "" } as const;
  expect(labels({ state: taken })).toEqual(["error TAKEN_OVER Take over"]);
  const forbidden = { type: "error", code: "FORBIDDEN", message: "" } as const;
  expect(labels({ state: forbidden })).toEqual(["error FORBIDDEN Try again"]);
});

it("offers nothing for what mends itself", () => {
  const state = { type: "reconnecting", code: "INTERRUPTED", message: "" } as const;
  expect(labels({ state })).toEqual(["trouble INTERRUPTED"]);
});

it("puts what is urgent first, and tells nothing twice", () => {
  const advice = { code: "CPU_LIMITED", title: "Busy", detail: "" } as const;
  const hint = { code: "KEY_INTERVAL_LONG", message: "Set it to 2 s." };
  expect(
    labels({
      state: { type: "reconnecting", code: "ICE_FAILED", message: "" },
      microphone: "MICROPHONE_LOST",
      advice: [advice, advice],
      hints: [hint],
    }),
  ).toEqual([
    "trouble ICE_FAILED",
    "error MICROPHONE_LOST Try again Go without",
    "advice CPU_LIMITED",
    "advice KEY_INTERVAL_LONG",
  ]);
});
