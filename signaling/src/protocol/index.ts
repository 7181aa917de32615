export { SignalingError } from "../session/error.ts";
export type {
  CaptureTime,
  Hint,
  IceServer,
  StreamStatus,
  TrackStatus,
} from "../session/index.ts";
export type {
  ClientEvent,
  ClientEvents,
  ServerEvent,
  ServerEvents,
  ServerMessage,
} from "./events.ts";
export { messageLimits, signalNamespace } from "./limits.ts";
export {
  type ByeMessage,
  byeSchema,
  type Candidate,
  type CandidateMessage,
  candidateMessageSchema,
  candidateSchema,
  clockSchema,
  type Description,
  type DescriptionMessage,
  descriptionMessageSchema,
  descriptionSchema,
  type Handshake,
  handshakeSchema,
  type LeaveMessage,
  leaveSchema,
  type ObserveMessage,
  type OpenMessage,
  observeSchema,
  openSchema,
  type ResumeMessage,
  resumeSchema,
  type StreamMessage,
  streamMessageSchema,
} from "./messages.ts";
export {
  type ClockReply,
  clockReplySchema,
  type DescriptionReply,
  descriptionReplySchema,
  emptyReplySchema,
  type Opened,
  openedSchema,
  parseReply,
  type Refusal,
  type Reply,
  type StatusReply,
  statusReplySchema,
  type WireError,
} from "./replies.ts";
export { iceServerSchema, streamStatusSchema } from "./status.ts";
