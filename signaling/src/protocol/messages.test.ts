import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import { liveStatus } from "../session/testing/index.ts";
import {
  byeSchema,
  callCandidateSchema,
  callDescriptionSchema,
  callPeerSchema,
  callResumedSchema,
  callResumeSchema,
  callSchema,
  candidateMessageSchema,
  clockReplySchema,
  clockSchema,
  descriptionMessageSchema,
  descriptionReplySchema,
  emptyReplySchema,
  handshakeSchema,
  hangupSchema,
  joinedSchema,
  layerSchema,
  leaveSchema,
  messageLimits,
  observeSchema,
  openedSchema,
  openSchema,
  parseReply,
  preferSchema,
  publishSchema,
  renegotiateSchema,
  resumeSchema,
  SignalingError,
  statusReplySchema,
  streamMessageSchema,
} from "./index.ts";

const description = { type: "offer", sdp: "v=0\r\n" };
const candidate = {
  candidate: "candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
  sdpMid: "0",
  sdpMLineIndex: 0,
  usernameFragment: null,
};

const examples: Record<string, { schema: z.ZodMiniType; message: object }> = {
  handshake: { schema: handshakeSchema, message: { token: "t" } },
  open: { schema: openSchema, message: { stream: "live/cam", token: "t" } },
  publish: {
    schema: publishSchema,
    message: { stream: "live/cam", token: "t", takeOver: true },
  },
  prefer: {
    schema: preferSchema,
    message: { session: "s", rid: "h", viewport: { width: 1, height: 16_384 } },
  },
  "no preference": {
    schema: preferSchema,
    message: { session: "s", rid: null, viewport: null },
  },
  layer: { schema: layerSchema, message: { session: "s", rid: "h" } },
  "no layer": { schema: layerSchema, message: { session: "s", rid: null } },
  renegotiate: { schema: renegotiateSchema, message: { session: "s" } },
  call: { schema: callSchema, message: { room: "a/b/c", token: "t" } },
  "call-resume": {
    schema: callResumeSchema,
    message: { call: "c", resume: "r", received: 0 },
  },
  "call-description": {
    schema: callDescriptionSchema,
    message: { call: "c", seq: 1, description },
  },
  "call-candidate": { schema: callCandidateSchema, message: { call: "c", seq: 1, candidate } },
  "last call-candidate": { schema: callCandidateSchema, message: { call: "c", candidate: null } },
  "call-peer": { schema: callPeerSchema, message: { call: "c", seq: 1, present: true } },
  hangup: { schema: hangupSchema, message: { call: "c" } },
  observe: { schema: observeSchema, message: { stream: "live/cam" } },
  resume: { schema: resumeSchema, message: { session: "s", resume: "r" } },
  description: { schema: descriptionMessageSchema, message: { session: "s", description } },
  candidate: { schema: candidateMessageSchema, message: { session: "s", candidate } },
  "last candidate": { schema: candidateMessageSchema, message: { session: "s", candidate: null } },
  leave: { schema: leaveSchema, message: { session: "s" } },
  clock: { schema: clockSchema, message: {} },
  stream: {
    schema: streamMessageSchema,
    message: {
      session: "s",
      stream: {
        ...liveStatus("live/cam"),
        viewers: 3,
        hints: [{ code: "B_FRAMES", message: "Set bframes to 0." }],
        captureTime: { rtpTime: 90_000, clockRate: 90_000, wallMs: 1_700_000_000_000.25 },
      },
    },
  },
  bye: { schema: byeSchema, message: { session: "s", reason: "SERVER_CLOSING" } },
};

describe.each(Object.entries(examples))("%s", (_name, { schema, message }) => {
  test("passes unchanged", () => {
    expect(schema.parse(message)).toEqual(message);
  });

  test("loses what is unknown, so that later versions can add to it", () => {
    const result = schema.safeParse({ ...message, later: 1 });
    expect(result.success).toBe(true);
  });

  test("is checked whatever arrives", () => {
    const property = fc.property(fc.anything(), (anything) => {
      const result = schema.safeParse(anything);
      if (result.success) expect(schema.parse(result.data)).toEqual(result.data);
    });
    void fc.assert(property);
  });

  test("with any one member of another type is refused or means the same", () => {
    const keys = Object.keys(message);
    if (keys.length === 0) return;
    const property = fc.property(
      fc.constantFrom(...keys),
      fc.oneof(fc.integer(), fc.boolean(), fc.constant([]), fc.object(), fc.uint8Array()),
      (key, value) => {
        const result = schema.safeParse({ ...message, [key]: value });
        if (result.success) expect(schema.parse(result.data)).toEqual(result.data);
        else expect(result.error.issues[0]?.path[0]).toBe(key);
      },
    );
    void fc.assert(property);
  });
});

const layer = {
  rid: "h",
  width: 640,
  height: 360,
  frameRate: 29.97,
  bitrateBps: 500_000,
  active: true,
};
const withLayers = (layers: readonly object[]): object => ({
  stream: { ...liveStatus("s"), tracks: [{ kind: "video", codec: "h264", layers }] },
});

test("layers pass unchanged", () => {
  const message = withLayers([{ ...layer, width: 0, active: false }, layer]);
  expect(streamMessageSchema.parse(message)).toEqual(message);
});

describe("limits", () => {
  const long = (length: number): string => "x".repeat(length);

  test.each<[string, z.ZodMiniType, (length: number) => object, number]>([
    ["stream", openSchema, (n) => ({ stream: long(n) }), messageLimits.streamName],
    ["token", openSchema, (n) => ({ stream: "s", token: long(n) }), messageLimits.token],
    ["handshake token", handshakeSchema, (n) => ({ token: long(n) }), messageLimits.token],
    ["session", leaveSchema, (n) => ({ session: long(n) }), messageLimits.id],
    ["resume", resumeSchema, (n) => ({ session: "s", resume: long(n) }), messageLimits.id],
    [
      "sdp",
      descriptionMessageSchema,
      (n) => ({ session: "s", description: { type: "offer", sdp: long(n) } }),
      messageLimits.sdp,
    ],
    [
      "candidate",
      candidateMessageSchema,
      (n) => ({ session: "s", candidate: { candidate: long(n) } }),
      messageLimits.candidate,
    ],
    ["rid", layerSchema, (n) => ({ session: "s", rid: long(n) }), messageLimits.rid],
    ["preferred rid", preferSchema, (n) => ({ session: "s", rid: long(n) }), messageLimits.rid],
    [
      "width",
      preferSchema,
      (n) => ({ session: "s", viewport: { width: n, height: 1 } }),
      messageLimits.viewport,
    ],
    [
      "height",
      preferSchema,
      (n) => ({ session: "s", viewport: { width: 1, height: n } }),
      messageLimits.viewport,
    ],
    ["layers", streamMessageSchema, (n) => withLayers(Array(n).fill(layer)), messageLimits.layers],
    ["room", callSchema, (n) => ({ room: long(n) }), messageLimits.room],
    ["token of a call", callSchema, (n) => ({ room: "r", token: long(n) }), messageLimits.token],
    ["call", hangupSchema, (n) => ({ call: long(n) }), messageLimits.id],
    [
      "resume of a call",
      callResumeSchema,
      (n) => ({ call: "c", resume: long(n), received: 0 }),
      messageLimits.id,
    ],
    [
      "sdp of a call",
      callDescriptionSchema,
      (n) => ({ call: "c", description: { type: "answer", sdp: long(n) } }),
      messageLimits.sdp,
    ],
    [
      "candidate of a call",
      callCandidateSchema,
      (n) => ({ call: "c", candidate: { candidate: long(n) } }),
      messageLimits.candidate,
    ],
    [
      "tracks",
      streamMessageSchema,
      (n) => ({
        stream: { ...liveStatus("s"), tracks: Array(n).fill({ kind: "audio", codec: "opus" }) },
      }),
      messageLimits.tracks,
    ],
    [
      "hints",
      streamMessageSchema,
      (n) => ({ stream: { ...liveStatus("s"), hints: Array(n).fill({ code: "", message: "" }) } }),
      messageLimits.hints,
    ],
  ])("%s: at the limit, and one more", (_name, schema, make, limit) => {
    expect(schema.safeParse(make(limit)).success).toBe(true);
    expect(schema.safeParse(make(limit + 1)).success).toBe(false);
  });

  test.each([
    [openSchema, { stream: "" }],
    [leaveSchema, { session: "" }],
    [descriptionMessageSchema, { session: "s", description: { type: "offer", sdp: "" } }],
    [descriptionMessageSchema, { session: "s", description: { type: "rollback", sdp: "v=0" } }],
    [candidateMessageSchema, { session: "s", candidate: { ...candidate, sdpMLineIndex: -1 } }],
    [candidateMessageSchema, { session: "s" }],
    [publishSchema, { stream: "s", takeOver: "yes" }],
    [preferSchema, { session: "s", rid: "" }],
    [preferSchema, { session: "s", rid: "a b" }],
    [preferSchema, { session: "s", viewport: { width: 0, height: 1 } }],
    [preferSchema, { session: "s", viewport: { width: 1, height: 0 } }],
    [preferSchema, { session: "s", viewport: { width: 1.5, height: 1 } }],
    [preferSchema, { session: "s", viewport: { width: 1 } }],
    [preferSchema, { session: "s", viewport: { width: Number.NaN, height: 1 } }],
    [callSchema, { room: "" }],
    [callSchema, { room: "a//b" }],
    [callSchema, { room: "a/b/c/d" }],
    [callSchema, { room: "." }],
    [callSchema, { room: "a/.." }],
    [callSchema, { room: "a b" }],
    [callSchema, { room: "a\n" }],
    [callDescriptionSchema, { call: "c", seq: 0, description }],
    [callDescriptionSchema, { call: "c", seq: 1.5, description }],
    [callCandidateSchema, { call: "c" }],
    [callPeerSchema, { call: "c", present: 1 }],
    [callResumeSchema, { call: "c", resume: "r", received: -1 }],
    [callResumeSchema, { call: "c", resume: "r" }],
    [byeSchema, { session: "s" }],
  ])("%# is refused", (schema, message) => {
    expect((schema as z.ZodMiniType).safeParse(message).success).toBe(false);
  });
});

describe("rooms", () => {
  test.each(["a", "a.b", "..a", "a/...", "A-z_0+/1/2"])("%s is a name", (room) => {
    expect(callSchema.safeParse({ room }).success).toBe(true);
  });

  test("are named by the same rule as streams", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9._+-]{1,6}$/);
    const property = fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
      const allowed =
        segments.length <= 3 && segments.every((text) => text !== "." && text !== "..");
      expect(callSchema.safeParse({ room: segments.join("/") }).success).toBe(allowed);
    });
    void fc.assert(property);
  });
});

describe("replies", () => {
  const opened = {
    session: "s",
    resume: "r",
    iceServers: [{ urls: ["turn:192.0.2.1:3478"], username: "u", credential: "c" }],
    stream: liveStatus("live/cam"),
  };

  test.each<[z.ZodMiniType<object>, object]>([
    [openedSchema, opened],
    [statusReplySchema, { stream: liveStatus("live/cam") }],
    [descriptionReplySchema, { description: { type: "answer", sdp: "v=0" } }],
    [descriptionReplySchema, {}],
    [clockReplySchema, { receivedMs: 1.5, sentMs: 2.5 }],
    [emptyReplySchema, {}],
    [callResumedSchema, { peers: 0 }],
    [joinedSchema, { call: "c", resume: "r", polite: true, iceServers: [], peers: 1 }],
  ])("%# passes", (schema, success) => {
    expect(parseReply(schema, { ok: true, ...success })).toEqual(success);
  });

  test.each([-1, 2, 0.5, "1"])("a room has two places: %j others are too many", (peers) => {
    const reply = { ok: true, call: "c", resume: "r", polite: true, iceServers: [], peers };
    expect(() => parseReply(joinedSchema, reply)).toThrowError(/malformed/);
  });

  test("a refusal is thrown with its code", () => {
    const refusal = { ok: false, error: { code: "STREAM_NOT_FOUND", message: "There is none." } };
    expect(() => parseReply(emptyReplySchema, refusal)).toThrowError(
      new SignalingError("STREAM_NOT_FOUND", "There is none."),
    );
  });

  test("whatever arrives: the success or an error with a code", () => {
    const property = fc.property(fc.anything(), (reply) => {
      try {
        parseReply(openedSchema, reply);
      } catch (error) {
        expect(error).toBeInstanceOf(SignalingError);
      }
    });
    void fc.assert(property);
    expect(() => parseReply(openedSchema, { ok: true })).toThrowError(/malformed/);
    expect(() => parseReply(emptyReplySchema, undefined)).toThrowError(/malformed/);
  });
});
