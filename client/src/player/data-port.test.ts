import { beforeEach, describe, expect, it } from "vitest";
import {
  type DataPeer,
  DataPort,
  maxDataChannels,
  maxDataLabelLength,
  maxDataMessageBytes,
  maxDataWaitingBytes,
  parseDataLabels,
} from "./data-port.ts";

class FakeChannel extends EventTarget {
  readonly label: string;
  readonly sent: unknown[] = [];
  readyState = "open";
  bufferedAmount = 0;
  binaryType = "blob";

  constructor(label: string) {
    super();
    this.label = label;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  come(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

class FakeDataPeer extends EventTarget {
  readonly channels: FakeChannel[] = [];

  createDataChannel(label: string): FakeChannel {
    const channel = new FakeChannel(label);
    this.channels.push(channel);
    return channel;
  }

  /** The other side opens a channel. */
  given(label: string): FakeChannel {
    const channel = this.createDataChannel(label);
    this.dispatchEvent(Object.assign(new Event("datachannel"), { channel }));
    return channel;
  }

  /** As `RTCPeerConnection.close`: no events. */
  close(): void {
    for (const channel of this.channels) channel.readyState = "closed";
  }
}

let labels: readonly string[];
let told: unknown[];
let port: DataPort;

beforeEach(() => {
  labels = ["data"];
  told = [];
  port = new DataPort({
    labels: () => labels,
    told: ({ label, data }) => told.push([label, data]),
  });
});

function join(): FakeDataPeer {
  const peer = new FakeDataPeer();
  port.join(peer as unknown as DataPeer);
  return peer;
}

describe("a connection", () => {
  it("gets the channels that are named, and tells what comes on those and on others", () => {
    labels = ["chat", "data"];
    const peer = join();
    expect(peer.channels.map(({ label, binaryType }) => [label, binaryType])).toEqual([
      ["chat", "arraybuffer"],
      ["data", "arraybuffer"],
    ]);
    peer.channels[0]?.come("hello");
    const bytes = new Uint8Array([1, 2]).buffer;
    peer.given("telemetry").come(bytes);
    expect(told).toEqual([
      ["chat", "hello"],
      ["telemetry", bytes],
    ]);
    expect(port.send("on it")).toBe(true);
    expect(port.send("back", "telemetry")).toBe(true);
    expect(peer.channels.map(({ sent }) => sent)).toEqual([[], ["on it"], ["back"]]);
  });

  it("has none where none is named", () => {
    labels = [];
    const peer = join();
    peer.given("telemetry").come("x");
    expect([told, port.send("x", "telemetry")]).toEqual([[], false]);
  });

  it("that replaces another is heard when that one has closed", () => {
    const first = join();
    const second = join();
    first.channels[0]?.come("once");
    second.channels[0]?.come("once");
    expect(told).toEqual([["data", "once"]]);
    port.send("to the first");
    first.close();
    second.channels[0]?.come("then");
    port.send("to the second");
    expect(told).toEqual([
      ["data", "once"],
      ["data", "then"],
    ]);
    expect([first.channels[0]?.sent, second.channels[0]?.sent]).toEqual([
      ["to the first"],
      ["to the second"],
    ]);
  });

  it("takes the place of one whose channel never opened", () => {
    const first = join();
    for (const channel of first.channels) channel.readyState = "connecting";
    join().channels[0]?.come("x");
    expect(told).toEqual([["data", "x"]]);
  });
});

describe("not sent is what", () => {
  it("has no open channel", () => {
    expect(port.send("x")).toBe(false);
    const peer = join();
    expect(port.send("x", "other")).toBe(false);
    for (const channel of peer.channels) channel.readyState = "connecting";
    expect(port.send("x")).toBe(false);
    peer.close();
    expect(port.send("x")).toBe(false);
  });

  it("is longer than the server takes, in bytes", () => {
    join();
    expect(port.send(new Uint8Array(maxDataMessageBytes))).toBe(true);
    expect(port.send(new ArrayBuffer(maxDataMessageBytes + 1))).toBe(false);
    expect(port.send("ü".repeat(maxDataMessageBytes / 2))).toBe(true);
    expect(port.send(`${"ü".repeat(maxDataMessageBytes / 2)}x`)).toBe(false);
  });

  it("finds too much waiting", () => {
    const channel = join().channels[0] as FakeChannel;
    channel.bufferedAmount = maxDataWaitingBytes - 3;
    expect([port.send("abcd"), port.send("abc")]).toEqual([false, true]);
  });
});

it.each([
  [null, []],
  ["", ["data"]],
  [" , ", ["data"]],
  ["chat", ["chat"]],
  [" chat,telemetry\nchat ", ["chat", "telemetry"]],
  [`${"x".repeat(maxDataLabelLength)} y`, ["x".repeat(maxDataLabelLength), "y"]],
  [`${"x".repeat(maxDataLabelLength + 1)} y`, ["y"]],
])("the attribute %j names %j", (text, names) => {
  expect(parseDataLabels(text)).toEqual(names);
});

it("no more channels are named than a peer may have", () => {
  const words = Array.from({ length: maxDataChannels + 1 }, (_, index) => `c${index}`);
  expect(parseDataLabels(words.join(" "))).toEqual(words.slice(0, -1));
});
