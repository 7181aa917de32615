import type {
  CallCandidateMessage,
  CallDescriptionMessage,
  CallMessage,
  CallPeerMessage,
  CallResumed,
  CallResumeMessage,
  HangupMessage,
  Joined,
} from "./call-messages.ts";
import type {
  ByeMessage,
  CandidateMessage,
  DescriptionMessage,
  LayerMessage,
  LeaveMessage,
  ObserveMessage,
  OpenMessage,
  PreferMessage,
  PublishMessage,
  RenegotiateMessage,
  ResumeMessage,
  StreamMessage,
} from "./messages.ts";
import type { ClockReply, DescriptionReply, Opened, Reply, StatusReply } from "./replies.ts";

type Acknowledge<Success extends object> = (reply: Reply<Success>) => void;
type Nothing = Readonly<Record<never, never>>;

/** What a client may send; every message is acknowledged. */
export interface ClientEvents {
  watch(message: OpenMessage, reply: Acknowledge<Opened>): void;
  publish(message: PublishMessage, reply: Acknowledge<Opened>): void;
  observe(message: ObserveMessage, reply: Acknowledge<StatusReply>): void;
  unobserve(message: ObserveMessage, reply: Acknowledge<Nothing>): void;
  resume(message: ResumeMessage, reply: Acknowledge<StatusReply>): void;
  description(message: DescriptionMessage, reply: Acknowledge<DescriptionReply>): void;
  candidate(message: CandidateMessage, reply: Acknowledge<Nothing>): void;
  prefer(message: PreferMessage, reply: Acknowledge<Nothing>): void;
  leave(message: LeaveMessage, reply: Acknowledge<Nothing>): void;
  clock(message: object, reply: Acknowledge<ClockReply>): void;
  call(message: CallMessage, reply: Acknowledge<Joined>): void;
  "call-resume"(message: CallResumeMessage, reply: Acknowledge<CallResumed>): void;
  "call-description"(message: CallDescriptionMessage, reply: Acknowledge<Nothing>): void;
  "call-candidate"(message: CallCandidateMessage, reply: Acknowledge<Nothing>): void;
  hangup(message: HangupMessage, reply: Acknowledge<Nothing>): void;
}

/** What the server pushes; nothing of it is acknowledged. */
export interface ServerEvents {
  stream(message: StreamMessage): void;
  description(message: DescriptionMessage): void;
  candidate(message: CandidateMessage): void;
  layer(message: LayerMessage): void;
  renegotiate(message: RenegotiateMessage): void;
  bye(message: ByeMessage): void;
  "call-peer"(message: CallPeerMessage): void;
  "call-description"(message: CallDescriptionMessage): void;
  "call-candidate"(message: CallCandidateMessage): void;
}

export type ClientEvent = keyof ClientEvents;
export type ServerEvent = keyof ServerEvents;
/** The message of one pushed event. */
export type ServerMessage<Event extends ServerEvent> = Parameters<ServerEvents[Event]>[0];
