import { readFileSync } from "node:fs";
import { AmfObject, object, writeAmf0 } from "@millrace/media/amf";
import { FlvDemuxer, TagType, writeConfigBody, writeFrameBody } from "@millrace/media/flv";
import type { TrackInfo } from "@millrace/media/frame";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import type { RtmpSessionLimits } from "./limits.ts";
import { MessageType, UserControl } from "./message.ts";
import { RtmpSession } from "./session.ts";
import type { SessionEvent } from "./session-events.ts";
import { TestClient, u32 } from "./test-client.ts";

const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);
const capture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}.rtmp`, import.meta.url)));

/** Feeds a session, says yes to everything, and gives back what happened. */
function run(
  parts: Iterable<Uint8Array>,
  session = new RtmpSession({ random: zeros }),
): SessionEvent[] {
  const events: SessionEvent[] = [];
  for (const part of parts) {
    session.receive(part, 0);
    for (let event = session.next(); event !== undefined; event = session.next()) {
      events.push(event);
      session.accept();
    }
  }
  return events;
}

const eventTypes = (events: readonly SessionEvent[]): string[] => events.map(({ type }) => type);
const tagsOf = (events: readonly SessionEvent[]) =>
  events.flatMap((event) => (event.type === "tag" ? [event] : []));

/** A client and a session wired back to back. */
class Pair {
  readonly client: TestClient;
  readonly session: RtmpSession;
  readonly events: SessionEvent[] = [];

  constructor(limits: Partial<RtmpSessionLimits> = {}, scheme?: 0 | 1) {
    this.client = new TestClient(scheme);
    this.session = new RtmpSession({ random: zeros, limits });
    this.client.greet();
    this.settle();
  }

  /** Carries bytes both ways until nobody has anything to say. Stops at a question. */
  settle(): this {
    for (;;) {
      const up = this.client.take();
      if (up.length > 0) this.session.receive(up, 0);
      for (let event = this.session.next(); event !== undefined; event = this.session.next()) {
        this.events.push(event);
      }
      const down = this.session.takeOutput();
      for (const part of down) this.client.receive(part.slice());
      if (up.length === 0 && down.length === 0) return this;
    }
  }

  accept(): this {
    this.session.accept();
    return this.settle();
  }

  connect(fields: Parameters<TestClient["connect"]>[0] = {}): this {
    this.client.connect(fields);
    return this.settle().accept();
  }

  publish(key: string): this {
    this.client.publish(key);
    return this.settle().accept();
  }
}

describe("RtmpSession fed with captures", () => {
  describe.each([
    ["ffmpeg", { app: "live", userAgent: "FMLE/3.0 (compatible; Lavf59.27.100)" }, 15],
    ["rtmpsink", { app: "live", userAgent: undefined }, 10],
    ["rtmp2sink", { app: "live", userAgent: "LNX 10,0,32,18" }, 10],
  ])("%s", (name, connect, frames) => {
    const bytes = capture(name);
    const events = run([bytes]);

    it("connects, publishes under the key's name and token, and stops", () => {
      const [first, second] = events;
      expect(first).toMatchObject({ type: "connect", request: connect });
      expect(second).toMatchObject({
        type: "publish",
        request: { name: "live/cam", token: "T", streamId: 1 },
      });
      expect(events.at(-1)).toEqual({ type: "stopped" });
      expect(new Set(eventTypes(events.slice(2, -1)))).toEqual(new Set(["tag"]));
    });

    it("sends metadata, configurations, then frames", () => {
      const demuxer = new FlvDemuxer();
      const items = tagsOf(events).flatMap(({ tagType, timestampMs, body }) =>
        demuxer.tag(tagType, timestampMs, body),
      );
      expect(demuxer.metadata).toMatchObject({ width: 64, height: 64 });
      const kinds = items.filter((item) => item.type === "frame").map((item) => item.kind);
      expect(kinds.filter((kind) => kind === "video")).toHaveLength(frames);
      expect(kinds.filter((kind) => kind === "audio").length).toBeGreaterThan(20);
      expect(demuxer.droppedFrames).toBe(0);
    });

    it("gives its tag bodies again, but for parameter sets that are in the configuration too (row 63)", () => {
      const demuxer = new FlvDemuxer();
      const infos = new Map<number, TrackInfo>();
      let same = 0;
      for (const { tagType, timestampMs, body } of tagsOf(events)) {
        for (const item of demuxer.tag(tagType, timestampMs, body)) {
          if (item.type === "track") {
            infos.set(tagType, item.info);
            expect(writeConfigBody(item.info)).toEqual(body);
          }
          const info = infos.get(tagType);
          if (item.type !== "frame" || info === undefined) continue;
          const again = Buffer.from(writeFrameBody(item.frame, info));
          if (again.equals(body)) same++;
          else expect(withoutSets(body, info)).toEqual(again);
        }
      }
      expect(same).toBeGreaterThan(frames);
      if (name === "ffmpeg") expect(same).toBe(tagsOf(events).length - 4);
    });

    it("gives the same events byte by byte and cut in two anywhere", () => {
      const print = (list: readonly SessionEvent[]): string =>
        list
          .map((event) =>
            event.type === "tag" ? `${event.timestampMs}/${event.body.length}` : event.type,
          )
          .join();
      const whole = print(events);
      expect(run(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(events);
      const wrong: number[] = [];
      for (let at = 3060; at <= bytes.length; at += at < 4200 ? 1 : 7) {
        if (print(run([bytes.subarray(0, at), bytes.subarray(at)])) !== whole) wrong.push(at);
      }
      expect(wrong).toEqual([]);
    }, 60_000);
  });

  it("answers arbitrary changes to a capture with events or a ProtocolError, in bounded memory", () => {
    const bytes = capture("rtmpsink");
    const change = fc.record({
      at: fc.integer({ min: 3073, max: bytes.length - 1 }),
      value: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const copy = bytes.slice();
        for (const { at, value } of changes) copy[at] = value;
        const session = new RtmpSession({ random: zeros });
        try {
          run([copy], session);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
        expect(session.pendingBytes).toBeLessThan(2 * bytes.length + 64 * 4096);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The body without NAL units that the configuration holds. */
function withoutSets(body: Uint8Array, info: TrackInfo): Buffer {
  const parts = [Buffer.from(body.subarray(0, 5))];
  const config = Buffer.from(info.config);
  for (let at = 5; at < body.length; ) {
    const end = at + 4 + Buffer.from(body).readUInt32BE(at);
    const nal = body.subarray(at + 4, end);
    if (!config.includes(Buffer.from(nal))) parts.push(Buffer.from(body.subarray(at, end)));
    at = end;
  }
  return Buffer.concat(parts);
}

describe("RtmpSession", () => {
  it.each([undefined, 0, 1] as const)("is reached by a handshake of scheme %s", (scheme) => {
    const pair = new Pair({}, scheme).connect();
    expect(pair.session.established).toBe(true);
    expect(pair.client.statuses).toMatchObject([{ code: "NetConnection.Connect.Success" }]);
  });

  it("tells its window, bandwidth and chunk size before the result of connect", () => {
    const pair = new Pair().connect();
    expect(pair.client.messages.map(({ type }) => type)).toEqual([
      MessageType.windowAckSize,
      MessageType.setPeerBandwidth,
      MessageType.command,
    ]);
  });

  it("accepts a publisher as Flash Media Server does", () => {
    const { client } = new Pair().connect().publish("cam");
    expect(client.commands.map(({ name, transaction }) => [name, transaction])).toEqual([
      ["_result", 1],
      ["_result", 2],
      ["_result", 3],
      ["_result", 4],
      ["onFCPublish", 0],
      ["onStatus", 0],
    ]);
    expect(client.commands[3]?.args).toEqual([null, 1]);
    expect(client.statuses.at(-1)).toMatchObject({ code: "NetStream.Publish.Start" });
    const control = client.messages.filter(({ type }) => type === MessageType.userControl);
    expect(control.map(({ payload }) => [...payload])).toEqual([
      [0, UserControl.streamBegin, 0, 0, 0, 1],
    ]);
    expect(client.messages.at(-1)?.streamId).toBe(1);
  });

  it("stops at a request, holds what comes meanwhile and hands it out in order", () => {
    const pair = new Pair().connect();
    pair.client.publish("cam").tag(9, 0, Uint8Array.of(1)).tag(8, 5, Uint8Array.of(2));
    pair.settle();
    expect(eventTypes(pair.events)).toEqual(["connect", "publish"]);
    expect(pair.session.blocked).toBe(true);
    pair.client.tag(9, 40, Uint8Array.of(3));
    pair.settle();
    expect(pair.session.pendingBytes).toBeGreaterThan(0);
    pair.accept();
    expect(tagsOf(pair.events).map(({ body }) => body[0])).toEqual([1, 2, 3]);
    expect(pair.session.pendingBytes).toBe(0);
  });

  it("holds maxHeldBytes and no more", () => {
    const pair = new Pair({ maxHeldBytes: 1000 }).connect();
    pair.client.publish("cam");
    pair.settle();
    pair.session.receive(new Uint8Array(1000), 0);
    expect(() => pair.session.receive(new Uint8Array(1), 0)).toThrow(
      expect.objectContaining({ code: "RTMP_HELD_TOO_LARGE" }),
    );
  });

  it.each([
    ["publish", "STREAM_BUSY", "NetStream.Publish.BadName"],
    ["publish", "UNAUTHORIZED", "NetStream.Publish.BadName"],
    ["play", "STREAM_NOT_FOUND", "NetStream.Play.StreamNotFound"],
    ["play", "FORBIDDEN", "NetStream.Play.Failed"],
  ] as const)("refuses to %s with %s by %s", (action, code, status) => {
    const pair = new Pair().connect();
    pair.client[action]("cam");
    pair.settle();
    pair.session.refuse(code, "No.");
    pair.settle();
    expect(pair.client.statuses.at(-1)).toEqual({ code: status, description: `${code}: No.` });
    const info = pair.client.commands.at(-1)?.args[1];
    expect(info).toBeInstanceOf(AmfObject);
    expect((info as AmfObject).text("level")).toBe("error");
    expect(pair.session.blocked).toBe(false);
  });

  it("refuses a connection by an error that says why", () => {
    const pair = new Pair();
    pair.client.connect();
    pair.settle();
    pair.session.refuse("SHUTTING_DOWN", "Closing.");
    pair.settle();
    expect(pair.client.commands.map(({ name, transaction }) => [name, transaction])).toEqual([
      ["_error", 1],
    ]);
    expect(pair.client.statuses).toEqual([
      { code: "NetConnection.Connect.Rejected", description: "SHUTTING_DOWN: Closing." },
    ]);
  });

  it("tells Enhanced RTMP only to clients that speak it", () => {
    const properties = (pair: Pair): AmfObject => pair.client.commands[0]?.args[1] as AmfObject;
    expect(properties(new Pair().connect()).fields.has("capsEx")).toBe(false);
    for (const fields of [
      { fourCcList: ["hvc1"] },
      { capsEx: 0 },
      { videoFourCcInfoMap: object({}) },
    ]) {
      const info = properties(new Pair().connect(fields));
      expect(info.get("capsEx")).toBe(15);
      expect(info.get("fourCcList")).toContain("hvc1");
      expect((info.get("videoFourCcInfoMap") as AmfObject).get("av01")).toBe(4);
      expect((info.get("audioFourCcInfoMap") as AmfObject).get("Opus")).toBe(4);
    }
  });

  it("learns what a client can be sent", () => {
    const pair = new Pair().connect({
      fourCcList: ["av01", 7],
      videoFourCcInfoMap: object({ hvc1: 1, vp09: 2, vp08: 4, avc1: "x" }),
      audioFourCcInfoMap: object({ "*": 7 }),
      capsEx: 1,
      objectEncoding: 3,
    });
    const [event] = pair.events;
    expect(event?.type === "connect" && [...event.request.fourCcs]).toEqual([
      "av01",
      "hvc1",
      "vp08",
      "*",
    ]);
    expect(event).toMatchObject({ request: { objectEncoding: 3, capsEx: 1 } });
    expect(pair.session.canReconnect).toBe(true);
    pair.session.requestReconnect("Later.");
    pair.settle();
    expect(pair.client.statuses.at(-1)).toEqual({
      code: "NetConnection.Connect.ReconnectRequest",
      description: "Later.",
    });
  });

  it("unwraps metadata from @setDataFrame, in AMF0 and AMF3 messages", () => {
    const pair = new Pair().connect().publish("cam");
    const meta = writeAmf0(["onMetaData", object({ width: 5 })]);
    const wrapped = Buffer.concat([writeAmf0(["@setDataFrame"]), meta]);
    pair.client.send(MessageType.data, wrapped, 1, 7);
    pair.client.send(MessageType.dataAmf3, Buffer.concat([Uint8Array.of(0), wrapped]), 1, 8);
    pair.client.send(MessageType.data, meta, 1, 9);
    pair.client.send(MessageType.data, writeAmf0(["@clearDataFrame", "onMetaData"]), 1, 10);
    pair.client.send(MessageType.data, Uint8Array.of(0xff), 1, 11);
    pair.settle();
    const tags = tagsOf(pair.events);
    expect(tags.map(({ tagType, timestampMs }) => [tagType, timestampMs])).toEqual([
      [18, 7],
      [18, 8],
      [18, 9],
    ]);
    for (const { body } of tags) expect(Buffer.from(body).equals(meta)).toBe(true);
  });

  it("reads commands in AMF3 messages", () => {
    const pair = new Pair();
    pair.client.connect();
    pair.settle().accept();
    const payload = Buffer.concat([Uint8Array.of(0), writeAmf0(["createStream", 2, null])]);
    pair.client.send(MessageType.commandAmf3, payload);
    pair.settle();
    expect(pair.client.commands.at(-1)).toEqual({
      name: "_result",
      transaction: 2,
      args: [null, 1],
    });
  });

  it("acknowledges what it received, in the window that the peer set", () => {
    const pair = new Pair().connect();
    const acks = () =>
      pair.client.messages.filter(({ type }) => type === MessageType.acknowledgement);
    pair.client.send(MessageType.windowAckSize, u32(10_000), 0, 0, 2);
    pair.publish("cam");
    pair.client.setChunkSize(65_536).tag(9, 0, new Uint8Array(30_000));
    pair.settle();
    expect(acks()).toHaveLength(1);
    const acknowledged = Buffer.from(acks()[0]?.payload ?? []).readUInt32BE();
    expect(acknowledged).toBe(pair.session.receivedBytes);
    expect(acknowledged).toBeGreaterThan(30_000);
    pair.client.tag(9, 0, new Uint8Array(5_000));
    pair.settle();
    expect(acks()).toHaveLength(1);
  });

  it("does not let a peer ask for an acknowledgement of every byte", () => {
    const pair = new Pair().connect();
    pair.client.send(MessageType.windowAckSize, u32(0), 0, 0, 2);
    pair.settle();
    pair.client.messages.length = 0;
    for (let index = 0; index < 100; index++) {
      pair.client.send(MessageType.userControl, Uint8Array.of(0, 3, 0, 0, 0, 1), 0, 0, 2);
      pair.settle();
    }
    expect(pair.client.messages.length).toBeLessThanOrEqual(1);
  });

  it("takes acknowledgements and answers pings", () => {
    const pair = new Pair().connect();
    pair.client.send(MessageType.acknowledgement, u32(77), 0, 0, 2);
    pair.client.send(MessageType.userControl, Uint8Array.of(0, 6, 1, 2, 3, 4), 0, 0, 2);
    pair.settle();
    expect(pair.session.peerAcknowledgedBytes).toBe(77);
    expect([...(pair.client.messages.at(-1)?.payload ?? [])]).toEqual([0, 7, 1, 2, 3, 4]);
  });

  it("plays: begins the stream, tells so, sends tags on its message stream", () => {
    const pair = new Pair().connect();
    pair.client.play("cam?token=x");
    pair.settle().accept();
    expect(pair.events.at(-1)).toMatchObject({
      type: "play",
      request: { name: "live/cam", token: "x" },
    });
    expect(pair.client.statuses.map(({ code }) => code).slice(1)).toEqual([
      "NetStream.Play.Reset",
      "NetStream.Play.Start",
    ]);
    pair.session.writeTag(TagType.video, 70_000, new Uint8Array(200_000).fill(5));
    pair.session.writeTag(TagType.audio, 0x1_0000_0003, Uint8Array.of(1));
    pair.settle();
    expect(
      pair.client.tags.map(({ type, streamId, timestampMs, payload }) => [
        type,
        streamId,
        timestampMs,
        payload.length,
      ]),
    ).toEqual([
      [9, 1, 70_000, 200_000],
      [8, 1, 3, 1],
    ]);
    pair.session.endRole("STREAM_ENDED");
    pair.settle();
    expect(pair.client.statuses.at(-1)).toEqual({
      code: "NetStream.Play.UnpublishNotify",
      description: "STREAM_ENDED",
    });
  });

  it("answers what players ask besides", () => {
    const pair = new Pair().connect();
    pair.client.play("cam");
    pair.settle().accept();
    pair.client.command("FCSubscribe", 4, null, "cam").command("getStreamLength", 5, null, "cam");
    pair.client.streamCommand("pause", 0, null, true, 0).streamCommand("seek", 0, null, 1000);
    pair.client.streamCommand("receiveVideo", 0, null, false).command("_checkbw", 6, null);
    pair.client.command("whatIsThis", 7, null).command("neverMind", 0, null);
    pair.settle();
    const results = pair.client.commands.filter(({ name }) => name === "_result").slice(2);
    expect(results.map(({ transaction }) => transaction)).toEqual([4, 5, 6]);
    expect(results[1]?.args).toEqual([null, 0]);
    expect(pair.client.statuses.slice(3).map(({ code }) => code)).toEqual([
      "NetStream.Play.Start",
      "NetStream.Pause.Notify",
      "NetStream.Seek.Notify",
      "NetConnection.Call.Failed",
    ]);
    expect(pair.events.slice(-2)).toEqual([
      { type: "pause", paused: true },
      { type: "select", kind: "video", wanted: false },
    ]);
  });

  it.each(["FCUnpublish", "deleteStream", "closeStream"])(
    "ends a publisher by %s, once, and lets it begin anew",
    (name) => {
      const pair = new Pair().connect().publish("cam");
      pair.client.command(name, 6, null, 1).command("deleteStream", 7, null, 1);
      pair.client.tag(9, 0, Uint8Array.of(1));
      pair.settle();
      expect(eventTypes(pair.events)).toEqual(["connect", "publish", "stopped"]);
      pair.publish("other");
      expect(pair.events.at(-1)).toMatchObject({
        type: "publish",
        request: { name: "live/other" },
      });
    },
  );

  it("ignores audio and video of who does not publish", () => {
    const pair = new Pair().connect();
    pair.client.tag(9, 0, Uint8Array.of(1)).send(MessageType.data, writeAmf0(["onMetaData"]), 1);
    pair.settle();
    expect(eventTypes(pair.events)).toEqual(["connect"]);
  });

  it.each([
    [
      "a command before connect",
      (client: TestClient) => client.command("createStream", 1, null),
      "RTMP_NOT_CONNECTED",
    ],
    [
      "connect without an object",
      (client: TestClient) => client.command("connect", 1, null),
      "RTMP_CONNECT_INVALID",
    ],
    [
      "an address that is too long",
      (client: TestClient) => client.connect({ tcUrl: "x".repeat(4097) }),
      "RTMP_CONNECT_INVALID",
    ],
    [
      "a command without a name",
      (client: TestClient) => client.send(MessageType.command, writeAmf0([5])),
      "RTMP_COMMAND_INVALID",
    ],
    [
      "a command that is no AMF",
      (client: TestClient) => client.send(MessageType.command, Uint8Array.of(2, 0)),
      "AMF_TRUNCATED",
    ],
    [
      "an acknowledgement that is cut off",
      (client: TestClient) => client.send(MessageType.acknowledgement, zeros(3)),
      "RTMP_CONTROL_INVALID",
    ],
    [
      "a ping that is cut off",
      (client: TestClient) => client.send(MessageType.userControl, Uint8Array.of(0, 6, 1)),
      "RTMP_CONTROL_INVALID",
    ],
  ])("closes on %s", (_name, act, code) => {
    const pair = new Pair();
    act(pair.client);
    expect(() => pair.settle()).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ["a second connect", (client: TestClient) => client.connect(), "RTMP_CONNECT_INVALID"],
    ["a second role", (client: TestClient) => client.play("cam"), "RTMP_ROLE_TAKEN"],
  ])("closes a publisher on %s", (_name, act, code) => {
    const pair = new Pair().connect().publish("cam");
    act(pair.client);
    expect(() => pair.settle()).toThrow(expect.objectContaining({ code }));
  });

  it("closes on a key that is too long", () => {
    const pair = new Pair().connect();
    pair.client.publish("x".repeat(4097));
    expect(() => pair.settle()).toThrow(expect.objectContaining({ code: "RTMP_COMMAND_INVALID" }));
  });

  it("gives out maxMessageStreams at once, and deleted ones again", () => {
    const pair = new Pair({ maxMessageStreams: 2 }).connect();
    for (let index = 0; index < 5; index++) {
      pair.client.command("createStream", 2, null).command("deleteStream", 0, null, index);
    }
    pair.client.command("createStream", 2, null).command("createStream", 2, null);
    pair.settle();
    pair.client.command("createStream", 2, null);
    expect(() => pair.settle()).toThrow(expect.objectContaining({ code: "RTMP_STREAMS_TOO_MANY" }));
  });

  it("takes a publisher's messages at every chunk size from 1 to 65536", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 65_536 })),
        fc.array(fc.oneof(fc.nat(300), fc.nat(70_000)), { maxLength: 4 }),
        (size, lengths) => {
          const pair = new Pair().connect().publish("cam");
          pair.client.setChunkSize(size);
          for (const [index, length] of lengths.entries()) {
            pair.client.tag(8 + (index % 2), index * 20, new Uint8Array(length).fill(index));
          }
          pair.settle();
          expect(
            tagsOf(pair.events).map(({ body, timestampMs }) => [body.length, timestampMs]),
          ).toEqual(lengths.map((length, index) => [length, index * 20]));
        },
      ),
      { numRuns: 60 },
    );
  });
});
