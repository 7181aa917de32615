import { beforeEach, describe, expect, it } from "vitest";
import { settle } from "../../player/fake-scheduler.ts";
import { FakeSenderPeer, type FakeSenderTransceiver, FakeTrack } from "./fake-sender-peer.ts";
import { MediaSender, type SenderEncoding, type SenderPlan } from "./media-sender.ts";

const layers: readonly SenderEncoding[] = [
  { rid: "l", active: true, scaleResolutionDownBy: 4, maxBitrate: 300_000 },
  { rid: "h", active: true, scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
];
const camera = new FakeTrack("video", "camera");
const screen = new FakeTrack("video", "screen");

let peer: FakeSenderPeer;
let sender: MediaSender;

beforeEach(() => {
  peer = new FakeSenderPeer({});
  sender = new MediaSender(peer as unknown as RTCPeerConnection, "video");
});

function plan(track: FakeTrack, encodings = layers): SenderPlan {
  return {
    track: track as unknown as MediaStreamTrack,
    encodings,
    contentHint: "motion",
    degradationPreference: "balanced",
  };
}

function line(): FakeSenderTransceiver {
  const made = peer.transceivers[0];
  if (made === undefined) throw new Error("no line was made");
  return made;
}

describe("a line", () => {
  it("is made when there is something to send, with its layers", async () => {
    sender.set(undefined);
    expect(peer.transceivers).toEqual([]);
    sender.set(plan(camera), [{ mimeType: "video/VP8" }]);
    await settle();
    expect(line().direction).toBe("sendonly");
    expect(line().codecs).toEqual(["video/VP8"]);
    expect(line().sender.encodings).toEqual(layers);
    expect(line().sender.degradationPreference).toBe("balanced");
    expect(camera.contentHint).toBe("motion");
    expect(sender.rids).toEqual(["l", "h"]);
  });

  it("offers all codecs when none is chosen", () => {
    sender.set(plan(camera));
    expect(line().codecs).toBeUndefined();
  });

  it("gives a layer no name when there is only one", () => {
    sender.set(plan(camera, [{ rid: undefined, maxBitrate: 1 }]));
    expect(line().sender.encodings).toEqual([{ maxBitrate: 1 }]);
  });
});

describe("a change", () => {
  it("replaces the track without another line", async () => {
    sender.set(plan(camera));
    sender.set(plan(screen));
    await settle();
    expect(peer.transceivers).toHaveLength(1);
    expect(line().sender.track).toBe(screen);
  });

  it("rests the line while there is nothing to send", async () => {
    sender.set(plan(camera));
    sender.set(undefined);
    await settle();
    expect(line().direction).toBe("inactive");
    expect(line().sender.track).toBeNull();
    sender.set(plan(camera));
    await settle();
    expect(line().direction).toBe("sendonly");
    expect(line().sender.track).toBe(camera);
  });

  it("is applied one after the other, the latest wins", async () => {
    sender.set(plan(camera));
    for (const maxBitrate of [1, 2, 3]) {
      sender.set(plan(camera, [layers[0] as SenderEncoding, { rid: "h", maxBitrate }]));
    }
    await settle();
    expect(line().sender.encodings[1]?.maxBitrate).toBe(3);
    expect(line().sender.log).toEqual(["parameters", "parameters"]);
  });

  it("of the number of layers keeps the largest", async () => {
    sender.set(plan(camera));
    sender.set(plan(camera, [{ rid: undefined, active: true, maxBitrate: 9 }]));
    await settle();
    expect(line().sender.encodings.map(({ rid, active }) => ({ rid, active }))).toEqual([
      { rid: "l", active: false },
      { rid: "h", active: true },
    ]);
    expect(line().sender.encodings[1]?.maxBitrate).toBe(9);
  });

  it("that the browser refuses leaves the next one its chance", async () => {
    sender.set(plan(camera));
    await settle();
    line().sender.refusal = new Error("InvalidModificationError");
    sender.set(plan(screen));
    await settle();
    expect(line().sender.track).toBe(screen);
    line().sender.refusal = undefined;
    sender.set(plan(screen, [layers[0] as SenderEncoding, { rid: "h", maxBitrate: 5 }]));
    await settle();
    expect(line().sender.encodings[1]?.maxBitrate).toBe(5);
  });

  it("after the end is none", async () => {
    sender.set(plan(camera));
    await settle();
    sender.close();
    sender.set(undefined);
    await settle();
    expect(line().sender.track).toBe(camera);
  });
});
