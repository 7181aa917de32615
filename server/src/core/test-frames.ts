import type { AudioTrackInfo, Frame, VideoTrackInfo } from "@millrace/media/frame";

/** A video configuration for tests; `config` tells two of them apart. */
export function videoInfo(change: Partial<VideoTrackInfo> = {}): VideoTrackInfo {
  return {
    kind: "video",
    codec: "h264",
    config: Uint8Array.of(1, 0x42, 0xe0, 0x1f),
    codecString: "avc1.42e01f",
    width: 1280,
    height: 720,
    reorderDepth: 0,
    ...change,
  };
}

/** An audio configuration for tests. */
export function audioInfo(change: Partial<AudioTrackInfo> = {}): AudioTrackInfo {
  return {
    kind: "audio",
    codec: "aac",
    config: Uint8Array.of(0x11, 0x90),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    ...change,
  };
}

/** A frame for tests, times in milliseconds. */
export function frameAt(
  dtsMs: number,
  change: { key?: boolean; ptsMs?: number; size?: number } = {},
): Frame {
  return {
    dtsUs: dtsMs * 1000,
    ptsUs: (change.ptsMs ?? dtsMs) * 1000,
    key: change.key ?? false,
    payload: [new Uint8Array(change.size ?? 100)],
  };
}
