import { describe, expect, test } from "vitest";
import { chooseReceived, chooseSent } from "./extensions.ts";
import type { OfferedExtension } from "./offer.ts";

const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";
const RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";

function offered(id: number, uri: string = MID, direction?: string): OfferedExtension {
  return { id, uri, direction };
}

describe("what is received", () => {
  test("are all extensions of publishers, with the offer's ids", () => {
    const { ids, answered } = chooseReceived([
      offered(1, "urn:ietf:params:rtp-hdrext:toffset"),
      offered(2, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
      offered(3, "urn:3gpp:video-orientation"),
      offered(4, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
      offered(5, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
      offered(9),
      offered(10, RID),
      offered(11, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
      offered(14, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    ]);
    expect(ids).toEqual({
      mid: 9,
      rid: 10,
      repairedRid: 11,
      transportCc: 4,
      absSendTime: 2,
      absCaptureTime: 5,
      audioLevel: 14,
      videoOrientation: 3,
    });
    expect(answered).toHaveLength(8);
  });

  test("is not what the peer only wants to receive", () => {
    expect(chooseReceived([offered(1, MID, "recvonly"), offered(2, RID, "inactive")]).ids).toEqual(
      {},
    );
    expect(
      chooseReceived([offered(1, MID, "sendonly"), offered(2, RID, "sendrecv")]).answered,
    ).toEqual([
      { id: 1, uri: MID, direction: "recvonly" },
      { id: 2, uri: RID, direction: "recvonly" },
    ]);
  });
});

test("what is sent is not what the peer only sends", () => {
  expect(chooseSent([offered(1, MID, "sendonly")], "0").ids).toEqual({});
  expect(chooseSent([offered(1, MID, "recvonly")], "0").answered).toEqual([
    { id: 1, uri: MID, direction: "sendonly" },
  ]);
});

test("ids of the one-byte form are taken, each once", () => {
  const ids = (...list: OfferedExtension[]): object => chooseReceived(list).ids;
  expect(ids(offered(1))).toEqual({ mid: 1 });
  expect(ids(offered(14))).toEqual({ mid: 14 });
  for (const id of [0, 15, 16, 1.5, Number.NaN]) expect(ids(offered(id))).toEqual({});
  expect(ids(offered(3), offered(3, RID))).toEqual({ mid: 3 });
});
