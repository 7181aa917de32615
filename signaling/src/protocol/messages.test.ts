import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import { liveStatus } from "../session/testing/index.ts";
import {
  byeSchema,
  candidateMessageSchema,
  clockReplySchema,
  clockSchema,
  descriptionMessageSchema,
  descriptionReplySchema,
  emptyReplySchema,
  handshakeSchema,
  leaveSchema,
  messageLimits,
  observeSchema,
  openedSchema,
  openSchema,
  parseReply,
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
    [byeSchema, { session: "s" }],
  ])("%# is refused", (schema, message) => {
    expect((schema as z.ZodMiniType).safeParse(message).success).toBe(false);
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
  ])("%# passes", (schema, success) => {
    expect(parseReply(schema, { ok: true, ...success })).toEqual(success);
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
