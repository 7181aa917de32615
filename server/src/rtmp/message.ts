/** RTMP 1.0 sections 5.4, 6.2 and 7.1: message type ids. */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  data: 18,
  sharedObject: 19,
  command: 20,
  aggregate: 22,
} as const;

/** RTMP 1.0 section 7.1.7. */
export const UserControl = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** One message, whatever chunks it came in. */
export interface RtmpMessage {
  /** One of `MessageType`, or unknown. */
  readonly type: number;
  /** Message stream; 0 is the connection itself. */
  readonly streamId: number;
  /** Milliseconds, 0 … 2^32 - 1; wraps. */
  readonly timestampMs: number;
  readonly payload: Uint8Array;
}
