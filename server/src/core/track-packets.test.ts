import { describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { type PacketSource, Registry, silentLog } from "./index.ts";
import { frameAt, videoInfo } from "./test-frames.ts";

function source(): PacketSource & { readonly wants: boolean[] } {
  const wants: boolean[] = [];
  return {
    kind: "video",
    codec: "h264",
    profileLevelId: "42e01f",
    encodings: [],
    observe: () => () => {},
    wantFrames: (wanted) => void wants.push(wanted),
    wants,
  };
}

function publish() {
  const clock = new FakeClock();
  const registry = new Registry({ clock, log: silentLog });
  const kicked: string[] = [];
  const open = (takeOver = false) =>
    registry.publish({
      stream: "live/cam",
      transport: "webrtc",
      address: "192.0.2.1",
      takeOver,
      onKick: (reason) => void kicked.push(reason),
    });
  return { clock, registry, open, kicked };
}

const sink = () => ({ frame: () => {} });

describe("a track whose publisher sends RTP", () => {
  test("frames are wanted from the first sink to the last", () => {
    const publisher = publish().open();
    const packets = source();
    publisher.setTrack(videoInfo(), packets);
    const track = publisher.stream.track("video");
    const [one, two] = [sink(), sink()];
    track?.subscribe(one);
    track?.subscribe(two);
    track?.unsubscribe(one);
    expect(packets.wants).toEqual([true]);
    track?.unsubscribe(two);
    track?.unsubscribe(two);
    expect(packets.wants).toEqual([true, false]);
  });

  test("frames that were kept are forgotten when nobody wants any more", () => {
    const publisher = publish().open();
    publisher.setTrack(videoInfo(), source());
    const track = publisher.stream.track("video");
    const one = sink();
    track?.subscribe(one);
    publisher.frame("video", frameAt(0, { key: true }));
    expect(track?.cache.frames).toHaveLength(1);
    track?.unsubscribe(one);
    expect(track?.cache.frames).toHaveLength(0);
    publisher.frame("video", frameAt(40));
    expect(track?.cache.frames).toHaveLength(0);
  });

  test("another source takes over from the old one, also when it is no RTP", () => {
    const publisher = publish().open();
    const [first, second] = [source(), source()];
    publisher.setTrack(videoInfo(), first);
    const track = publisher.stream.track("video");
    track?.subscribe(sink());
    publisher.setTrack(videoInfo(), second);
    expect(first.wants).toEqual([true, false]);
    expect(second.wants).toEqual([true]);
    publisher.setTrack(videoInfo());
    expect(second.wants).toEqual([true, false]);
    expect(track?.packets).toBeUndefined();
  });

  test("nobody wants frames of a track that ended", () => {
    const publisher = publish().open();
    const packets = source();
    publisher.setTrack(videoInfo(), packets);
    publisher.stream.track("video")?.subscribe(sink());
    publisher.removeTrack("video");
    expect(packets.wants).toEqual([true, false]);
  });

  test("a change of source alone is told to those who watch the stream", () => {
    const publisher = publish().open();
    publisher.setTrack(videoInfo());
    const changes: string[] = [];
    publisher.stream.observe((change) => void changes.push(change.type));
    const packets = source();
    publisher.setTrack(videoInfo(), packets);
    publisher.setTrack(videoInfo(), packets);
    expect(changes).toEqual(["tracks"]);
  });
});

test("the capture time is earlier by what the publisher tells, until another one publishes", () => {
  const { clock, open } = publish();
  const publisher = open();
  const nowUs = publisher.stream.nowUs();
  publisher.setCaptureDelay(80_000);
  expect(publisher.stream.captureWallMs(nowUs)).toBeCloseTo(clock.wallMs() - 80, 6);
  publisher.close("GONE");
  open();
  expect(publisher.stream.captureWallMs(nowUs)).toBeCloseTo(clock.wallMs(), 6);
});

describe("taking a stream over", () => {
  test("is refused unless it is asked for", () => {
    const { open } = publish();
    open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "STREAM_BUSY" }));
  });

  test("ends the publisher before and keeps the stream", () => {
    const { open, kicked, registry } = publish();
    const first = open();
    const second = open(true);
    expect(kicked).toEqual(["TAKEN_OVER"]);
    expect(second.stream).toBe(first.stream);
    expect(second.stream.state).toBe("live");
    expect(registry.publisher("live/cam")).toBe(second);
    first.close("LATE");
    expect(second.stream.state).toBe("live");
  });
});
