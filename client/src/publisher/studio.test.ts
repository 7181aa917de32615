import { beforeEach, describe, expect, it } from "vitest";
import { settle } from "../player/fake-scheduler.ts";
import { FakeDevices } from "./capture/fake-devices.ts";
import { silence } from "./level.ts";
import { defaultSettings, type PublishSettings } from "./settings.ts";
import type { SoundDesk } from "./sound-desk.ts";
import { Studio } from "./studio.ts";
import { noMedia, type SentMedia } from "./transports/uplink.ts";

const named = (name: string): Error => Object.assign(new Error(""), { name });

/** Names what it would mix. */
class FakeDesk implements SoundDesk {
  heard: string | undefined;
  closed = false;
  mix(tracks: readonly MediaStreamTrack[]): MediaStreamTrack | undefined {
    const label = tracks.map((track) => track.label).join(" + ");
    return tracks.length < 2 ? tracks[0] : ({ label } as MediaStreamTrack);
  }
  listen(track: MediaStreamTrack | undefined): void {
    this.heard = track?.label;
  }
  level(): typeof silence {
    return silence;
  }
  isDead(): boolean {
    return false;
  }
  close(): void {
    this.closed = true;
  }
}

let devices: FakeDevices;
let desk: FakeDesk;
let studio: Studio;
let media: SentMedia;
let failures: string[];

function make(settings: Partial<PublishSettings> = {}): void {
  devices = new FakeDevices();
  desk = new FakeDesk();
  media = noMedia;
  failures = [];
  studio = new Studio({
    settings: { ...defaultSettings, ...settings },
    devices,
    secure: true,
    permission: async () => "prompt",
    desk,
    capabilities: () => [{ mimeType: "video/VP8" }, { mimeType: "video/H264" }],
    events: {
      changed: () => {},
      media: (next) => {
        media = next;
      },
      failed: (_source, code) => failures.push(code),
    },
  });
}

/** What is sent, in words. */
function sent(): string {
  return [media.video?.track.label, media.audio?.track.label].filter(Boolean).join(", ");
}

beforeEach(() => make());

describe("opening", () => {
  it("opens camera and microphone with one question", async () => {
    expect(studio.ready).toBe(false);
    const opening = studio.open();
    expect(studio.isOpening("camera")).toBe(true);
    await opening;
    expect(studio.isOpening("camera")).toBe(false);
    expect(devices.asked).toEqual(["video+audio"]);
    expect(sent()).toBe("front, desk");
    expect(studio.ready).toBe(true);
    expect(desk.heard).toBe("desk");
    expect(studio.cameras.map(({ id }) => id)).toEqual(["front", "back"]);
    await studio.open();
    expect(devices.asked).toHaveLength(1);
  });

  it("opens only what is wanted", async () => {
    make({ picture: "none" });
    await studio.open();
    expect(sent()).toBe("desk");
    make({ useMicrophone: false });
    await studio.open();
    expect(sent()).toBe("front");
    make({ picture: "screen", screenSound: false });
    await studio.open();
    expect(devices.asked).toEqual(["screen", "audio"]);
    expect(sent()).toBe("screen, desk");
  });

  it("keeps what it could get, and says what it could not", async () => {
    devices.refusals.audio = named("NotFoundError");
    await studio.open();
    expect(sent()).toBe("front");
    expect(failures).toEqual(["MICROPHONE_NOT_FOUND"]);
    expect(studio.failure("microphone")).toBe("MICROPHONE_NOT_FOUND");
    expect(studio.failure("camera")).toBeUndefined();
  });
});

describe("the picture", () => {
  it("changes from camera to screen and back, and releases what is not shown", async () => {
    await studio.open();
    await studio.shareScreen();
    expect(sent()).toBe("screen, desk + screen sound");
    expect(devices.tracks[0]?.readyState).toBe("ended");
    expect(studio.mirrored).toBe(false);
    await studio.useCamera();
    expect(sent()).toBe("front, desk");
    expect(studio.captured.screen).toBeUndefined();
  });

  it("stays when no screen is chosen", async () => {
    await studio.open();
    devices.refusals.screen = named("NotAllowedError");
    await studio.shareScreen();
    expect(studio.settings.picture).toBe("camera");
    expect(studio.failure("screen")).toBeUndefined();
    expect(sent()).toBe("front, desk");
  });

  it("may be none", async () => {
    await studio.open();
    studio.useNoPicture();
    expect(sent()).toBe("desk");
    expect(studio.picture).toBeUndefined();
  });

  it("is mirrored when the camera looks at the person", async () => {
    await studio.open();
    expect(studio.mirrored).toBe(true);
    await studio.useCamera("back");
    expect(studio.mirrored).toBe(false);
  });

  it("is black while paused", async () => {
    await studio.open();
    studio.paused = true;
    expect(devices.tracks[0]?.enabled).toBe(false);
    await studio.useCamera("back");
    expect(devices.tracks.at(-1)?.enabled).toBe(false);
    studio.paused = false;
    expect(devices.tracks.at(-1)?.enabled).toBe(true);
  });
});

describe("flipping", () => {
  it("goes round the cameras of a computer", async () => {
    await studio.open();
    expect(studio.canFlip).toBe(true);
    await studio.flip();
    expect(media.video?.track.label).toBe("back");
    await studio.flip();
    expect(media.video?.track.label).toBe("front");
  });

  it("asks a phone for the camera of the other side", async () => {
    await studio.open();
    const [track] = devices.tracks;
    if (track !== undefined) track.settings = { ...track.settings, facingMode: "user" };
    await studio.flip();
    expect(devices.tracks.at(-1)?.constraints.facingMode).toEqual({ ideal: "environment" });
  });

  it("has nowhere to go with one camera, or none", async () => {
    devices.devices = devices.devices.slice(0, 1);
    await studio.open();
    expect(studio.canFlip).toBe(false);
    await studio.flip();
    expect(devices.asked).toHaveLength(1);
  });
});

describe("the microphone", () => {
  it("is muted, and stays so on another one", async () => {
    await studio.open();
    studio.muted = true;
    expect(devices.tracks[1]?.enabled).toBe(false);
    await studio.useMicrophone("desk");
    expect(devices.tracks.at(-1)?.enabled).toBe(false);
  });

  it("can be left out and added while live", async () => {
    await studio.open();
    await studio.useMicrophone(undefined);
    expect(sent()).toBe("front");
    expect(studio.settings.useMicrophone).toBe(false);
    await studio.useMicrophone("");
    expect(sent()).toBe("front, desk");
  });

  it("is opened again for music", async () => {
    await studio.open();
    await studio.change({ soundMode: "music" });
    expect(devices.tracks.at(-1)?.constraints.echoCancellation).toBe(false);
    expect(media.audio?.plan.maxBitrate).toBe(160_000);
  });
});

describe("the quality", () => {
  it("is asked of the camera and of the encoder", async () => {
    await studio.open();
    await studio.change({ resolution: 360, frameRate: 15 });
    expect(devices.tracks[0]?.applied).toMatchObject({ height: { ideal: 360 } });
    expect(media.video?.plan.layers[0]).toMatchObject({
      scaleResolutionDownBy: 2,
      maxFramerate: 15,
    });
  });

  it("offers the chosen codec", async () => {
    await studio.change({ codec: "vp8" });
    expect(media.codecs).toEqual([{ mimeType: "video/VP8" }]);
  });
});

describe("a device that is gone", () => {
  it("is told, and taken again when it is back", async () => {
    await studio.open();
    const all = devices.devices;
    devices.tracks[0]?.end();
    devices.change(all.slice(1));
    await settle();
    expect(studio.failure("camera")).toBe("CAMERA_LOST");
    expect(sent()).toBe("desk");
    devices.change(all);
    await settle();
    expect(studio.failure("camera")).toBeUndefined();
    expect(sent()).toBe("front, desk");
    expect(failures).toEqual(["CAMERA_LOST"]);
  });

  it("is not replaced by another one unasked", async () => {
    await studio.useCamera("back");
    const all = devices.devices;
    devices.tracks[0]?.end();
    devices.change(all.filter(({ deviceId }) => deviceId !== "back"));
    await settle();
    devices.change([...devices.devices, { kind: "videoinput", deviceId: "new", label: "" }]);
    await settle();
    expect(studio.failure("camera")).toBe("CAMERA_LOST");
    expect(devices.asked).toEqual(["video"]);
  });

  it("may be one that was never there", async () => {
    const all = devices.devices;
    devices.devices = all.slice(2);
    devices.refusals.video = named("NotFoundError");
    await studio.open();
    expect(studio.failure("camera")).toBe("CAMERA_NOT_FOUND");
    delete devices.refusals.video;
    devices.change(all);
    await settle();
    expect(sent()).toBe("front, desk");
  });
});

it("says that sharing a screen ended, and does not show the camera unasked", async () => {
  await studio.open();
  await studio.shareScreen();
  devices.tracks.find((track) => track.label === "screen")?.end();
  expect(studio.failure("screen")).toBe("SCREEN_ENDED");
  expect(sent()).toBe("desk");
});

it("leaves nothing behind", async () => {
  await studio.open();
  studio.release();
  expect(studio.ready).toBe(false);
  await studio.open();
  studio.close();
  studio.close();
  expect(devices.tracks.every((track) => track.readyState === "ended")).toBe(true);
  expect(desk.closed).toBe(true);
});
