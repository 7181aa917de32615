import * as z from "zod/mini";
import type { IceServer } from "../session/index.ts";
import { messageLimits } from "./limits.ts";
import {
  type Candidate,
  candidateSchema,
  type Description,
  descriptionSchema,
  idSchema,
  tokenSchema,
} from "./messages.ts";
import { iceServerSchema } from "./status.ts";

/** `call`: takes one of the two places in a room. */
export interface CallMessage {
  readonly room: string;
  readonly token?: string;
}

/** Answers `call`. */
export interface Joined {
  /** Names the place that was taken, on this connection only. */
  readonly call: string;
  /** Lets a later connection keep the place. Secret. */
  readonly resume: string;
  /** Who of the two gives way when offers collide. The other one makes the first offer. */
  readonly polite: boolean;
  readonly iceServers: readonly IceServer[];
  /** How many others are there: 0 or 1. */
  readonly peers: number;
}

/** `call-resume`: keeps a place with a new connection. */
export interface CallResumeMessage {
  readonly call: string;
  readonly resume: string;
  /** The `seq` of the last pushed message of this call that arrived; 0: none did. */
  readonly received: number;
}

/** Answers `call-resume`; the pushed messages that did not arrive follow. */
export interface CallResumed {
  /** How many others are there: 0 or 1. */
  readonly peers: number;
}

/** What every message within a call carries. */
interface CallPart {
  readonly call: string;
  /**
   * Counts, from 1, what one side sends in one call, whatever it is. What comes again after a broken
   * connection is known by it and counts once. Always there in pushed messages.
   */
  readonly seq?: number;
}

/** `call-description`, both ways. */
export interface CallDescriptionMessage extends CallPart {
  readonly description: Description;
}

/** `call-candidate`, both ways; null ends the candidates. */
export interface CallCandidateMessage extends CallPart {
  readonly candidate: Candidate | null;
}

/** `call-peer`, pushed: the other came or went. */
export interface CallPeerMessage extends CallPart {
  readonly present: boolean;
}

/** `hangup`: gives the place up. */
export interface HangupMessage {
  readonly call: string;
}

const roomPattern = /^(?!\.{1,2}(\/|$))[A-Za-z0-9._+-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._+-]+){0,2}$/;
const seqSchema = z.int().check(z.minimum(1));
const peersSchema = z.int().check(z.minimum(0), z.maximum(1));

/** Named like a stream: one to three segments of letters, digits and `. _ - +`, none of them `.` or `..`. */
export const callSchema: z.ZodMiniType<CallMessage> = z.object({
  room: z.string().check(z.maxLength(messageLimits.room), z.regex(roomPattern)),
  token: z.exactOptional(tokenSchema),
});

export const joinedSchema: z.ZodMiniType<Joined> = z.object({
  call: idSchema,
  resume: idSchema,
  polite: z.boolean(),
  iceServers: z.array(iceServerSchema).check(z.maxLength(messageLimits.iceServers)),
  peers: peersSchema,
});

export const callResumeSchema: z.ZodMiniType<CallResumeMessage> = z.object({
  call: idSchema,
  resume: idSchema,
  received: z.int().check(z.minimum(0)),
});

export const callResumedSchema: z.ZodMiniType<CallResumed> = z.object({ peers: peersSchema });

export const callDescriptionSchema: z.ZodMiniType<CallDescriptionMessage> = z.object({
  call: idSchema,
  seq: z.exactOptional(seqSchema),
  description: descriptionSchema,
});

export const callCandidateSchema: z.ZodMiniType<CallCandidateMessage> = z.object({
  call: idSchema,
  seq: z.exactOptional(seqSchema),
  candidate: z.nullable(candidateSchema),
});

export const callPeerSchema: z.ZodMiniType<CallPeerMessage> = z.object({
  call: idSchema,
  seq: z.exactOptional(seqSchema),
  present: z.boolean(),
});

export const hangupSchema: z.ZodMiniType<HangupMessage> = z.object({ call: idSchema });
