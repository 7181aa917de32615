import type {
  ByeMessage,
  CandidateMessage,
  DescriptionMessage,
  LeaveMessage,
  ObserveMessage,
  OpenMessage,
  ResumeMessage,
  StreamMessage,
} from "./messages.ts";
import type { ClockReply, DescriptionReply, Opened, Reply, StatusReply } from "./replies.ts";

type Acknowledge<Success extends object> = (reply: Reply<Success>) => void;
type Nothing = Readonly<Record<never, never>>;

/** What a client may send; every message is acknowledged. */
export interface ClientEvents {
  watch(message: OpenMessage, reply: Acknowledge<Opened>): void;
  publish(message: OpenMessage, reply: Acknowledge<Opened>): void;
  observe(message: ObserveMessage, reply: Acknowledge<StatusReply>): void;
  unobserve(message: ObserveMessage, reply: Acknowledge<Nothing>): void;
  resume(message: ResumeMessage, reply: Acknowledge<StatusReply>): void;
  description(message: DescriptionMessage, reply: Acknowledge<DescriptionReply>): void;
  candidate(message: CandidateMessage, reply: Acknowledge<Nothing>): void;
  leave(message: LeaveMessage, reply: Acknowledge<Nothing>): void;
  clock(message: object, reply: Acknowledge<ClockReply>): void;
}

/** What the server pushes; nothing of it is acknowledged. */
export interface ServerEvents {
  stream(message: StreamMessage): void;
  description(message: DescriptionMessage): void;
  candidate(message: CandidateMessage): void;
  bye(message: ByeMessage): void;
}

export type ClientEvent = keyof ClientEvents;
export type ServerEvent = keyof ServerEvents;
/** The message of one pushed event. */
export type ServerMessage<Event extends ServerEvent> = Parameters<ServerEvents[Event]>[0];
