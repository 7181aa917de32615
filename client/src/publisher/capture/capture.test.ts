import { beforeEach, describe, expect, it } from "vitest";
import { settle } from "../../player/fake-scheduler.ts";
import { defaultSettings as settings } from "../settings.ts";
import { Capture, type CaptureOptions } from "./capture.ts";
import { FakeDevices } from "./fake-devices.ts";

const named = (name: string): Error => Object.assign(new Error(""), { name });

let devices: FakeDevices;
let capture: Capture;
let log: string[];
let permissions: Partial<Record<"camera" | "microphone", PermissionState>>;

function make(options: Partial<CaptureOptions> = {}): Capture {
  return new Capture({
    devices,
    secure: true,
    permission: async (device) => permissions[device],
    events: {
      tracks: () => log.push(held()),
      devices: (list) => log.push(`${list.length} devices`),
      lost: (source) => log.push(`lost ${source}`),
    },
    ...options,
  });
}

/** What is held, in words. */
function held(): string {
  const names = Object.entries(capture.captured).filter(([, track]) => track !== undefined);
  return names.map(([name]) => name).join(" ") || "nothing";
}

beforeEach(() => {
  devices = new FakeDevices();
  log = [];
  permissions = {};
  capture = make();
});

describe("camera and microphone together", () => {
  it("are asked for once", async () => {
    expect(await capture.openBoth(settings, "user")).toEqual([]);
    expect(devices.asked).toEqual(["video+audio"]);
    expect(held()).toBe("camera microphone");
    expect(log.at(-1)).toBe("3 devices");
  });

  it("do without a microphone that is missing", async () => {
    devices.refusals.audio = named("NotFoundError");
    const errors = await capture.openBoth(settings, undefined);
    expect(errors.map(({ code }) => code)).toEqual(["MICROPHONE_NOT_FOUND"]);
    expect(held()).toBe("camera");
    expect(devices.asked).toEqual(["video+audio", "video", "audio"]);
  });

  it("do without a camera that is taken", async () => {
    devices.refusals.video = named("NotReadableError");
    const errors = await capture.openBoth(settings, undefined);
    expect(errors.map(({ code }) => code)).toEqual(["CAMERA_IN_USE"]);
    expect(held()).toBe("microphone");
  });

  it("are not asked for again when they are given up meanwhile", async () => {
    devices.refusals.audio = named("NotFoundError");
    const asked = capture.openBoth(settings, undefined);
    capture.stop("camera");
    await asked;
    expect(devices.asked).toEqual(["video+audio", "audio"]);
  });

  it("are not asked for again after a no", async () => {
    devices.refusals.video = named("NotAllowedError");
    const errors = await capture.openBoth(settings, undefined);
    expect(errors.map(({ code }) => code)).toEqual(["CAMERA_DENIED", "MICROPHONE_DENIED"]);
    expect(devices.asked).toEqual(["video+audio"]);
  });

  it("do without the one that is forbidden by a rule from before", async () => {
    devices.refusals.video = named("NotAllowedError");
    permissions = { camera: "denied", microphone: "prompt" };
    const errors = await capture.openBoth(settings, undefined);
    expect(errors.map(({ code }) => code)).toEqual(["CAMERA_DENIED"]);
    expect(held()).toBe("microphone");
  });
});

it("says why there are no devices at all", async () => {
  expect(capture.obstacle).toBeUndefined();
  capture = make({ devices: undefined, secure: false });
  expect(capture.obstacle).toBe("INSECURE_CONTEXT");
  expect((await capture.openBoth(settings, undefined)).map(({ code }) => code)).toEqual([
    "INSECURE_CONTEXT",
  ]);
  await expect(capture.openScreen(settings)).rejects.toMatchObject({ code: "INSECURE_CONTEXT" });
  capture = make({ devices: undefined });
  await expect(capture.openCamera(settings, undefined)).rejects.toMatchObject({
    code: "CAPTURE_UNSUPPORTED",
  });
  await capture.refreshDevices();
  expect(log).toEqual([]);
});

describe("one source", () => {
  it("is replaced by another device, and the one before is released", async () => {
    await capture.openCamera(settings, undefined);
    await capture.openCamera({ ...settings, camera: "back" }, undefined);
    expect(capture.captured.camera?.label).toBe("back");
    expect(devices.tracks.map((track) => track.readyState)).toEqual(["ended", "live"]);
  });

  it("keeps what it had when the other device cannot be had", async () => {
    await capture.openMicrophone(settings);
    devices.refusals.audio = named("OverconstrainedError");
    await expect(capture.openMicrophone({ ...settings, microphone: "x" })).rejects.toMatchObject({
      code: "MICROPHONE_NOT_FOUND",
      source: "microphone",
    });
    expect(capture.captured.microphone?.readyState).toBe("live");
  });

  it("gives way to another camera where only one can be open", async () => {
    await capture.openCamera(settings, undefined);
    const [first] = devices.tracks;
    devices.refuse = () => (first?.readyState === "live" ? named("NotReadableError") : undefined);
    await capture.openCamera({ ...settings, camera: "back" }, undefined);
    expect(capture.captured.camera?.label).toBe("back");
    devices.refuse = () => named("NotReadableError");
    await expect(capture.openCamera(settings, undefined)).rejects.toMatchObject({
      code: "CAMERA_IN_USE",
    });
    expect(log.at(-1)).toBe("nothing");
  });

  it("is not taken when it comes after it was given up", async () => {
    let open = () => {};
    devices.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = capture.openCamera(settings, undefined);
    capture.stop("camera");
    open();
    await asked;
    expect(held()).toBe("nothing");
    expect(devices.tracks[0]?.readyState).toBe("ended");
  });

  it("tells when it is stopped, and only if it was there", async () => {
    capture.stop("camera");
    expect(log).toEqual([]);
    await capture.openCamera(settings, undefined);
    capture.stop("camera");
    expect(log.at(-1)).toBe("nothing");
    expect(devices.tracks[0]?.readyState).toBe("ended");
  });
});

describe("a screen", () => {
  it("comes with its sound, and goes with it", async () => {
    await capture.openScreen(settings);
    expect(held()).toBe("screen screenSound");
    capture.stop("screen");
    expect(held()).toBe("nothing");
  });

  it("may come without sound, also when the one before had some", async () => {
    await capture.openScreen(settings);
    devices.screenHasSound = false;
    await capture.openScreen(settings);
    expect(held()).toBe("screen");
    await capture.openScreen({ ...settings, screenSound: false });
    expect(held()).toBe("screen");
  });

  it("may lose its sound alone", async () => {
    await capture.openScreen(settings);
    devices.tracks[1]?.end();
    expect(held()).toBe("screen");
    expect(log).not.toContain("lost screen");
  });

  it("is lost when sharing is stopped from outside", async () => {
    await capture.openScreen(settings);
    devices.tracks[0]?.end();
    expect(held()).toBe("nothing");
    expect(log.at(-1)).toBe("lost screen");
    expect(devices.tracks[1]?.readyState).toBe("ended");
  });

  it("is not chosen when the dialog is closed, nor shared by browsers that cannot", async () => {
    devices.refusals.screen = named("NotAllowedError");
    await expect(capture.openScreen(settings)).rejects.toMatchObject({ code: "SCREEN_CANCELLED" });
    expect(capture.sharesScreens).toBe(true);
    Object.defineProperty(devices, "getDisplayMedia", { value: undefined });
    expect(capture.sharesScreens).toBe(false);
    await expect(capture.openScreen(settings)).rejects.toMatchObject({
      code: "SCREEN_UNSUPPORTED",
    });
  });
});

describe("devices that come and go", () => {
  it("are told", async () => {
    devices.change(devices.devices.slice(1));
    await settle();
    expect(log).toEqual(["2 devices"]);
  });

  it("lose their tracks, which is told once", async () => {
    await capture.openCamera(settings, undefined);
    log.length = 0;
    devices.tracks[0]?.end();
    devices.tracks[0]?.end();
    expect(log).toEqual(["nothing", "lost camera"]);
  });
});

it("asks the open camera for another size", async () => {
  await capture.openCamera(settings, undefined);
  log.length = 0;
  await capture.adjustCamera({ ...settings, resolution: 360 });
  expect(devices.tracks[0]?.applied).toMatchObject({ height: { ideal: 360 } });
  expect(log).toEqual(["camera"]);
});

it("leaves nothing behind", async () => {
  await capture.openBoth(settings, undefined);
  await capture.openScreen(settings);
  capture.close();
  capture.close();
  expect(devices.tracks.every((track) => track.readyState === "ended")).toBe(true);
  log.length = 0;
  devices.change([]);
  await settle();
  expect(log).toEqual([]);
  await capture.openCamera(settings, undefined);
  expect(devices.tracks.at(-1)?.readyState).toBe("ended");
});
