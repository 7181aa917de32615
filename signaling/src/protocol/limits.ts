/** The socket.io namespace of all signaling. */
export const signalNamespace = "/signal";

/** The largest values that a message may carry, in UTF-16 code units or elements. The same on both sides. */
export const messageLimits: {
  readonly streamName: number;
  readonly token: number;
  readonly id: number;
  readonly sdp: number;
  readonly candidate: number;
  readonly iceServers: number;
  readonly urlsPerIceServer: number;
  readonly tracks: number;
  readonly hints: number;
  readonly text: number;
  readonly rid: number;
  readonly layers: number;
  /** Width and height of a viewer's picture, in device pixels; at least 1. */
  readonly viewport: number;
  readonly room: number;
} = {
  streamName: 128,
  token: 4096,
  id: 128,
  sdp: 65_536,
  candidate: 1024,
  iceServers: 16,
  urlsPerIceServer: 8,
  tracks: 16,
  hints: 16,
  text: 1024,
  rid: 64,
  layers: 8,
  viewport: 16_384,
  room: 128,
};
