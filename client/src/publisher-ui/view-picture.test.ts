import { beforeEach, expect, it } from "vitest";
import { FakeDevices } from "../publisher/capture/fake-devices.ts";
import { silence } from "../publisher/level.ts";
import { defaultSettings } from "../publisher/settings.ts";
import { Studio } from "../publisher/studio.ts";
import { type Situation, viewPicture } from "./view-picture.ts";

const denied = Object.assign(new Error("Permission denied"), { name: "NotAllowedError" });

let devices: FakeDevices;
let studio: Studio;

beforeEach(() => {
  devices = new FakeDevices();
  studio = new Studio({
    settings: defaultSettings,
    devices,
    secure: true,
    permission: async () => "prompt",
    desk: {
      mix: ([track]) => track,
      listen: () => {},
      level: () => silence,
      isDead: () => false,
      close: () => {},
    },
    capabilities: () => [],
    events: { changed: () => {}, media: () => {}, failed: () => {} },
  });
});

function picture(situation: Partial<Situation> = {}): ReturnType<typeof viewPicture> {
  return viewPicture({
    studio,
    state: { type: "idle" },
    active: false,
    status: undefined,
    stats: undefined,
    advice: [],
    elapsedMs: 0,
    codecs: ["vp8"],
    ...situation,
  });
}

it("begins with nothing to see, but something to do", () => {
  const { stage, deck, board } = picture();
  expect(stage.track).toBeUndefined();
  expect(stage.text?.actions).toHaveLength(2);
  expect(deck).toMatchObject({ possible: true, hasMicrophone: false, hasPicture: false });
  expect(board).toBeUndefined();
});

it("waits while the person is asked", async () => {
  const opening = studio.open();
  expect(picture().stage.text?.busy).toBe(true);
  expect(picture().deck.possible).toBe(false);
  await opening;
  expect(picture().stage).toMatchObject({ text: undefined, mirrored: true });
  expect(picture().sources).toMatchObject({ camera: "front", microphone: "desk" });
});

it("tells once what keeps camera and microphone away", async () => {
  devices.refusals.video = denied;
  await studio.open();
  expect(picture().stage.text).toMatchObject({ code: "CAMERA_DENIED" });
  expect(picture().stage.text?.title).toContain("camera and microphone");
  expect(picture().notices).toEqual([]);
  studio.useNoPicture();
  expect(picture().notices.map(({ code }) => code)).toEqual(["MICROPHONE_DENIED"]);
  await studio.useMicrophone(undefined);
  expect(picture().notices).toEqual([]);
});

it("shows figures and viewers while live only", async () => {
  await studio.open();
  const status = { name: "live/cam", state: "live", tracks: [], hints: [], viewers: 2 } as const;
  const live = picture({ state: { type: "live" }, active: true, status, elapsedMs: 5000 });
  expect(live.stage).toMatchObject({ viewers: "2 viewers", badge: { text: "Live 0:05" } });
  expect(live.board?.figures).toHaveLength(6);
  expect(live.quality.active).toBe(true);
  const idle = picture({ status });
  expect(idle.stage.viewers).toBe("");
  expect(idle.stage.badge?.kind).toBe("preview");
});

it("shows that the microphone is off only when there is one", async () => {
  studio.muted = true;
  expect(picture().stage.muted).toBe(false);
  await studio.open();
  expect(picture().stage.muted).toBe(true);
});

it("suggests the bit rate of the picture that is there", async () => {
  expect(picture().quality.suitableKbps).toBe(2500);
  await studio.change({ resolution: 360 });
  expect(picture().quality.suitableKbps).toBe(880);
});
