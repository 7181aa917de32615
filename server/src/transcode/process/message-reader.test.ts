import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Message,
  MessageType,
  openSeq,
  trackRequest,
  writeAck,
  writeConfigure,
  writeEmpty,
  writeFrame,
  writeJson,
  writePacket,
} from "./message.ts";
import {
  parseAck,
  parseConfigure,
  parseFailure,
  parseFrame,
  parseHello,
  parseInfo,
  parseOpen,
  parsePacket,
} from "./message-body.ts";
import { MessageReader } from "./message-reader.ts";

const aac = {
  kind: "audio",
  codec: "aac",
  config: Uint8Array.of(0x11, 0x90),
  codecString: "mp4a.40.2",
  sampleRate: 48_000,
  channels: 2,
} as const;

function readAll(pieces: Iterable<Uint8Array>, maxBytes = 1000): Message[] {
  const reader = new MessageReader(maxBytes);
  const messages: Message[] = [];
  for (const piece of pieces) {
    reader.receive(piece);
    for (let message = reader.next(); message; message = reader.next()) messages.push(message);
  }
  return messages;
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const conversation = join(
  writeJson(MessageType.open, 7, { a: 1 }),
  writeFrame(7, 1, { ptsUs: 40, dtsUs: 20, key: true, payload: [Uint8Array.of(1, 2, 3)] }, false),
  writePacket(7, true, -2500, Uint8Array.of(9)),
  writeAck(7, { seq: 1, decodeErrors: 2, skippedFrames: 3, checkpoint: Uint8Array.of(5, 6) }),
  writeEmpty(MessageType.close, 7),
);

describe("messages between gateway and codec process", () => {
  it("lays a frame out as documented", () => {
    const frame = {
      ptsUs: 1,
      dtsUs: 0,
      key: true,
      payload: [Uint8Array.of(0xaa), Uint8Array.of(0xbb)],
    };
    expect(Buffer.from(writeFrame(0x0102, 3, frame, true)).toString("hex")).toBe(
      "24000000" + // 36 bytes follow
        "03" + // frame
        "02010000" + // job
        "03000000" + // sequence number
        "01" + // key
        "000000000000f03f" + // pts 1
        "0000000000000000" + // dts 0
        "00000001aa" +
        "00000001bb",
    );
  });

  it("come out whole however the bytes are split", () => {
    const whole = readAll([conversation]);
    expect(whole.map((message) => [message.type, message.job])).toEqual([
      [MessageType.open, 7],
      [MessageType.frame, 7],
      [MessageType.packet, 7],
      [MessageType.ack, 7],
      [MessageType.close, 7],
    ]);
    for (let at = 0; at <= conversation.length; at++) {
      const split = readAll([conversation.slice(0, at), conversation.slice(at)]);
      expect(split).toEqual(whole);
    }
    expect(readAll([...conversation].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it("keep their fields", () => {
    const [, frame, packet, ack] = readAll([conversation]);
    expect(parseFrame(frame?.body ?? none)).toEqual({
      seq: 1,
      key: true,
      followed: false,
      ptsUs: 40,
      dtsUs: 20,
      payload: Uint8Array.of(1, 2, 3),
    });
    expect(parsePacket(packet?.body ?? none)).toEqual({
      key: true,
      ptsUs: -2500,
      payload: Uint8Array.of(9),
    });
    expect(parseAck(ack?.body ?? none)).toEqual({
      seq: 1,
      decodeErrors: 2,
      skippedFrames: 3,
      checkpoint: Uint8Array.of(5, 6),
    });
    const [configure] = readAll([writeConfigure(1, 77, trackRequest(aac))]);
    expect(parseConfigure(configure?.body ?? none)).toEqual({
      seq: 77,
      request: trackRequest(aac),
    });
    const newer =
      readAll([
        writeFrame(7, 1, { ptsUs: 4, dtsUs: 2, key: true, payload: [none] }, false, true),
      ])[0]?.body ?? none;
    expect(parseFrame(newer).followed).toBe(true);
    const request = {
      source: trackRequest(aac),
      target: "jpeg",
      resumeAfterUs: null,
      checkpoint: "AAE=",
      opusBitrateBps: 96_000,
      aacBitrateBps: 128_000,
      maxSilenceMs: 3,
      maxPixels: 1,
      maxVideoLagMs: 2,
      maxJpegWidth: 4,
      maxJpegPerSecond: 5,
    };
    const [open] = readAll([writeJson(MessageType.open, 1, request)]);
    expect(parseOpen(open?.body ?? none)).toEqual(request);
    const [other] = readAll([writeJson(MessageType.open, 1, { ...request, target: "vp8" })]);
    expect(() => parseOpen(other?.body ?? none)).toThrow(ProtocolError);
    expect(openSeq).toBe(0);
  });

  it("give a result's configuration, but only of results that exist", () => {
    const video = {
      kind: "video",
      codec: "h264",
      config: Uint8Array.of(1, 2),
      codecString: "avc1.42c01f",
      width: 640,
      height: 360,
      reorderDepth: 0,
    } as const;
    const body = (value: object): Uint8Array => writeJson(MessageType.info, 1, value).subarray(9);
    expect(parseInfo(body(trackRequest(video)))).toEqual(video);
    expect(parseInfo(body(trackRequest(aac)))).toEqual(aac);
    const jpeg = { ...video, codec: "jpeg", codecString: "jpeg" } as const;
    expect(parseInfo(body(trackRequest(jpeg)))).toEqual(jpeg);
    expect(() => parseInfo(body(trackRequest({ ...aac, codec: "mp3" })))).toThrow(ProtocolError);
    expect(() => parseInfo(body(trackRequest({ ...video, codec: "vp8" })))).toThrow(ProtocolError);
  });

  it("are refused above the size limit and accepted at it", () => {
    const message = writePacket(1, true, 0, new Uint8Array(100 - 14));
    expect(readAll([message], 100)).toHaveLength(1);
    expect(() => readAll([message], 99)).toThrow(/100 bytes/);
    expect(() => readAll([message.subarray(0, 3), message.subarray(3)], 99)).toThrow(ProtocolError);
    expect(() => readAll([Uint8Array.of(4, 0, 0, 0)])).toThrow(ProtocolError);
  });

  it("give a result or ProtocolError for arbitrary bytes", () => {
    const parsers = [parseAck, parseConfigure, parseFailure, parseFrame, parseHello, parseInfo];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const parse of [...parsers, parseOpen, parsePacket])
          onlyProtocolError(() => parse(bytes));
        onlyProtocolError(() => readAll([bytes], 50));
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        for (const parse of [parseFailure, parseHello, parseInfo, parseOpen]) {
          onlyProtocolError(() => parse(bytes));
        }
      }),
    );
  });
});

function onlyProtocolError(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
}

const none = new Uint8Array(0);
