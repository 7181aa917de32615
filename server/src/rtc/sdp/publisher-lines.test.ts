import { describe, expect, test } from "vitest";
import { answer, outline, publisher } from "./test-answer.ts";
import { testOffer } from "./test-offers.ts";

const CAMERA = testOffer("chromium-camera");
const [HEAD = "", VIDEO = "", AUDIO = ""] = CAMERA.split(/(?=m=)/);

interface Line {
  readonly section: string;
  readonly mid: string;
  readonly direction?: string;
  readonly port?: number;
}

/** An offer of these m-lines. */
function offerOf(...lines: readonly Line[]): string {
  const bundled = lines.filter(({ port }) => port !== 0).map(({ mid }) => mid);
  const sections = lines.map(({ section, mid, direction, port }) =>
    section
      .replace(/a=mid:\d+/, `a=mid:${mid}`)
      .replace("a=sendonly", `a=${direction ?? "sendonly"}`)
      .replace(/^(m=\w+) 9/, `$1 ${port ?? 9}`),
  );
  return HEAD.replace("BUNDLE 0 1", `BUNDLE ${bundled.join(" ")}`) + sections.join("");
}

const active = (state: ReturnType<typeof publisher>): unknown[] =>
  state.receives.map(({ mid, active: flows }) => [mid, flows]);

describe("of several lines of a kind", () => {
  const camera = { section: VIDEO, mid: "0" };
  const screen = { section: VIDEO, mid: "2" };
  const sound = { section: AUDIO, mid: "1" };

  test("the first that sends is received; the others wait", () => {
    const state = publisher();
    const result = answer(
      offerOf({ ...camera, direction: "inactive" }, sound, screen, { ...camera, mid: "3" }),
      state,
    );
    expect(outline(result)).toEqual([
      ["video", 9, "0", "inactive"],
      ["audio", 9, "1", "recvonly"],
      ["video", 9, "2", "recvonly"],
      ["video", 9, "3", "inactive"],
    ]);
    expect(active(state)).toEqual([
      ["1", true],
      ["2", true],
    ]);
  });

  test("the one in use stays in use while it sends, and the next takes over when it does not", () => {
    const state = publisher();
    answer(offerOf(sound, camera), state);
    const ssrc = state.receives.find(({ kind }) => kind === "video")?.localSsrc;
    answer(offerOf(sound, camera, screen), state);
    expect(active(state)).toEqual([
      ["1", true],
      ["0", true],
    ]);
    const result = answer(offerOf(sound, { ...camera, direction: "recvonly" }, screen), state);
    expect(outline(result).map((line) => (line as unknown[])[3])).toEqual([
      "recvonly",
      "inactive",
      "recvonly",
    ]);
    expect(active(state)).toEqual([
      ["1", true],
      ["2", true],
    ]);
    expect(state.receives.find(({ mid }) => mid === "2")?.localSsrc).toBe(ssrc);
    // The camera is back, but the screen goes on.
    answer(offerOf(sound, camera, screen), state);
    expect(active(state).at(-1)).toEqual(["2", true]);
  });

  test("one that stops sending is kept, and taken up again", () => {
    const state = publisher();
    const { receives } = answer(offerOf(camera, sound), state);
    const paused = answer(offerOf({ ...camera, direction: "inactive" }, sound), state);
    expect(paused.receives).toEqual([{ ...receives[0], active: false }, receives[1]]);
    expect(outline(paused)[0]).toEqual(["video", 9, "0", "inactive"]);
    expect(answer(offerOf(camera, sound), state).receives).toEqual(receives);
  });

  test("all may stop", () => {
    const state = publisher();
    answer(offerOf(camera, sound), state);
    const result = answer(
      offerOf({ ...camera, direction: "inactive" }, { ...sound, direction: "recvonly" }),
      state,
    );
    expect(active(state)).toEqual([
      ["0", false],
      ["1", false],
    ]);
    expect(outline(result).map((line) => (line as unknown[])[3])).toEqual(["inactive", "inactive"]);
  });

  test("one that is taken away is gone, and its place may be another's", () => {
    const state = publisher();
    answer(offerOf(sound, camera), state);
    const removed = answer(offerOf(sound, { ...camera, port: 0 }), state);
    expect(outline(removed)[1]).toEqual(["video", 0, "0", "inactive"]);
    expect(removed.sdp.groups).toEqual([{ type: "BUNDLE", mids: 1 }]);
    expect(active(state)).toEqual([["1", true]]);
    answer(offerOf(sound, { ...screen, mid: "5" }), state);
    expect(active(state)).toEqual([
      ["1", true],
      ["5", true],
    ]);
  });

  test("a line added later is received", () => {
    const state = publisher();
    answer(offerOf(sound), state);
    answer(offerOf(sound, camera), state);
    expect(active(state)).toEqual([
      ["1", true],
      ["0", true],
    ]);
  });

  test("a line added later that cannot be taken changes nothing", () => {
    const state = publisher();
    answer(offerOf(sound), state);
    const theora = {
      ...camera,
      section: VIDEO.replaceAll(/(H264|VP8|VP9|AV1)\/90000/g, "theora/90000"),
    };
    expect(() => state.propose(offerOf(sound, theora))).toThrow(
      expect.objectContaining({ code: "SDP_UNSUPPORTED" }),
    );
    expect(active(state)).toEqual([["1", true]]);
    // One that need not be taken is rejected.
    expect(outline(answer(offerOf(sound, { ...theora, direction: "inactive" }), state))[1]).toEqual(
      ["video", 0, "0", "inactive"],
    );
  });
});

test("two publishers never share an SSRC or CNAME", () => {
  const receives = [publisher(), publisher()].flatMap((state) => answer(CAMERA, state).receives);
  expect(new Set(receives.map(({ localSsrc }) => localSsrc)).size).toBe(4);
  expect(new Set(receives.map(({ cname }) => cname)).size).toBe(2);
});
