/** What this browser has of what the transports need. */
export interface Capabilities {
  readonly webrtc: boolean;
  readonly webSocket: boolean;
  /** Media Source Extensions, managed or not. */
  readonly mse: boolean;
  /** The video element plays HLS itself. */
  readonly nativeHls: boolean;
  /** Answers can be read while they arrive. */
  readonly streams: boolean;
  /** Whether Media Source Extensions take this type, for instance `video/mp4; codecs="avc1.42E01F"`. */
  decodes(type: string): boolean;
}

/** As this browser has them. */
export function browserCapabilities(): Capabilities {
  const { MediaSource: plain, ManagedMediaSource: managed } = globalThis as {
    MediaSource?: typeof MediaSource;
    ManagedMediaSource?: typeof MediaSource;
  };
  const source = managed ?? plain;
  return {
    webrtc: "RTCPeerConnection" in globalThis,
    webSocket: "WebSocket" in globalThis,
    mse: source !== undefined,
    nativeHls:
      "document" in globalThis &&
      document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "",
    streams: "fetch" in globalThis && "ReadableStream" in globalThis,
    decodes: (type) => source?.isTypeSupported(type) ?? false,
  };
}
