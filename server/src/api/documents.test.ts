import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { Documents } from "./documents.ts";

const video = {
  kind: "video",
  codec: "h264",
  config: new Uint8Array([1]),
  codecString: "avc1.42e01f",
  width: 1280,
  height: 720,
  reorderDepth: 0,
} as const;

let registry: Registry;
let clock: FakeClock;
let documents: Documents;

beforeEach(() => {
  clock = new FakeClock(1_700_000_000_000);
  registry = new Registry({ clock, log: silentLog });
  documents = new Documents(registry, {
    version: "1.2.3",
    startedWallMs: 1_700_000_000_000,
    addresses: () => ({
      http: { host: "::", port: 8080 },
      rtc: { host: "::", port: 8189 },
      turn: [
        { protocol: "udp", host: "0.0.0.0", port: 3478 },
        { protocol: "tls", host: "0.0.0.0", port: 5349 },
      ],
    }),
    publicUrls: [],
    basePath: "",
    transcoder: () => "none",
    egress: () => "node",
    isReady: () => true,
  });
});
afterEach(() => registry.close("TEST"));

function publish(stream = "live/cam") {
  const publisher = registry.publish({
    stream,
    transport: "rtmp",
    address: "203.0.113.7",
    userAgent: "OBS",
    onKick: () => {},
  });
  publisher.setTrack(video);
  return publisher;
}

describe("Documents", () => {
  it("tell what the server is and where it listens", () => {
    expect(documents.server()).toMatchObject({
      name: "millrace",
      version: "1.2.3",
      startedAt: "2023-11-14T22:13:20.000Z",
      addresses: [
        { protocol: "http", transport: "tcp", host: "::", port: 8080 },
        { protocol: "webrtc", transport: "udp", host: "::", port: 8189 },
        { protocol: "turn", transport: "udp", host: "0.0.0.0", port: 3478 },
        { protocol: "turns", transport: "tcp", host: "0.0.0.0", port: 5349 },
      ],
      streams: 0,
      viewers: 0,
    });
  });

  it("list streams by name, unchanged while nothing changes", () => {
    const publisher = publish("live/b");
    publish("live/a");
    const before = JSON.stringify(documents.streams());
    expect(before.indexOf("live/a")).toBeLessThan(before.indexOf("live/b"));
    for (let frame = 0; frame < 90; frame++) {
      clock.advance(33);
      const timeUs = frame * 33_000;
      const payload = [new Uint8Array(1000)];
      publisher.frame("video", { ptsUs: timeUs, dtsUs: timeUs, key: frame === 0, payload });
    }
    expect(JSON.stringify(documents.streams())).toBe(before);
  });

  it("show addresses of publishers and viewers to administrators only", () => {
    publish();
    registry.get("live/cam")?.addViewer({
      transport: "webrtc",
      address: "203.0.113.8",
      userAgent: "Browser",
      stats: () => ({ bytesSent: 1, bytesReceived: 2, roundTripMs: 12 }),
    });
    const full = documents.stream("live/cam", true);
    expect(full).toMatchObject({
      name: "live/cam",
      state: "live",
      publisher: { transport: "rtmp", address: "203.0.113.7", userAgent: "OBS" },
      viewers: { count: 1, byTransport: { webrtc: 1 } },
      viewerList: [
        { address: "203.0.113.8", userAgent: "Browser", stats: { bytesSent: 1, roundTripMs: 12 } },
      ],
      tracks: [{ kind: "video", codec: "h264", width: 1280, height: 720, bFrames: false }],
    });
    const open = documents.stream("live/cam", false);
    expect(open).toMatchObject({ name: "live/cam", viewers: { count: 1 } });
    expect(JSON.stringify(open)).not.toContain("203.0.113");
  });

  it("tell the health of a stream's buffer, and clients that are here twice once (rows 8 and 98)", () => {
    const publisher = publish();
    for (const clientId of ["a", "a", undefined, undefined]) {
      publisher.stream.addViewer({ transport: "http-flv", address: "203.0.113.8", clientId });
    }
    for (let ms = 0; ms < 3000; ms += 40) {
      clock.advance(40);
      const payload = [new Uint8Array(10)];
      publisher.frame("video", {
        ptsUs: ms * 1000,
        dtsUs: ms * 1000,
        key: ms % 1000 === 0,
        payload,
      });
    }
    expect(documents.stream("live/cam", true)).toMatchObject({
      health: { buffer: "FULL", lagMs: 0, speed: 1 },
      viewers: { count: 4, clients: 3 },
      viewerList: [{ clientId: "a" }, { clientId: "a" }, {}, {}],
    });
    clock.advance(1000);
    expect(documents.stream("live/cam", false)).toMatchObject({ health: { buffer: "DRY" } });
    publisher.close("GONE");
    expect(documents.stream("live/cam", false)).toMatchObject({ health: { buffer: "EMPTY" } });
  });

  it("know the state of a stream that waits, ended or never was", () => {
    expect(documents.streamSummary("live/cam")).toEqual({ state: "offline", codecs: [] });
    expect(documents.stream("live/cam", true)).toBeUndefined();
    const publisher = publish();
    expect(documents.streamSummary("live/cam")).toEqual({ state: "live", codecs: ["avc1.42e01f"] });
    publisher.close("GONE");
    expect(documents.streamSummary("live/cam").state).toBe("waiting");
    expect(documents.stream("live/cam", true)).toMatchObject({ state: "waiting", publisher: null });
  });
});
