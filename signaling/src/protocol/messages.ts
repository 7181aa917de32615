import * as z from "zod/mini";
import type { LayerPreference, StreamStatus } from "../session/index.ts";
import { clientIdPattern } from "./client-id.ts";
import { messageLimits } from "./limits.ts";
import { ridSchema, streamStatusSchema } from "./status.ts";

/** The name of a session or of a place in a call. */
export const idSchema: z.ZodMiniType<string> = z
  .string()
  .check(z.minLength(1), z.maxLength(messageLimits.id));
export const tokenSchema: z.ZodMiniType<string> = z
  .string()
  .check(z.maxLength(messageLimits.token));
const streamNameSchema = z.string().check(z.minLength(1), z.maxLength(messageLimits.streamName));

/** A JSEP description, as `RTCSessionDescriptionInit`. */
export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/** An ICE candidate, as `RTCIceCandidateInit`. An empty `candidate` ends them, like null. */
export interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

/** The socket.io handshake's `auth`. Its token counts for every message that brings none. */
export interface Handshake {
  readonly token?: string;
}

/** `watch`: opens a session. */
export interface OpenMessage {
  readonly stream: string;
  readonly token?: string;
  /** What the client calls itself, so that statistics know it again. No right hangs on it. */
  readonly client?: string;
}

/** `publish`: opens a session. */
export interface PublishMessage extends OpenMessage {
  /** Whoever publishes the stream now gives way instead of this request. */
  readonly takeOver?: boolean;
}

/** `prefer`: which layer suits a viewer. */
export interface PreferMessage extends LayerPreference {
  readonly session: string;
}

/** `observe`, `unobserve`: asks for the status of a stream, now and at every change, without a session. */
export interface ObserveMessage {
  readonly stream: string;
}

/** `resume`: takes a session over into a new connection. */
export interface ResumeMessage {
  readonly session: string;
  /** The secret that the session's opening was answered with. */
  readonly resume: string;
}

/** `description`, both ways. */
export interface DescriptionMessage {
  readonly session: string;
  readonly description: Description;
}

/** `candidate`, both ways; null ends the candidates. */
export interface CandidateMessage {
  readonly session: string;
  readonly candidate: Candidate | null;
}

/** `leave`: ends a session. */
export interface LeaveMessage {
  readonly session: string;
}

/** `stream`, pushed: with `session` about the session's stream, without it about an observed one. */
export interface StreamMessage {
  readonly session?: string;
  readonly stream: StreamStatus;
}

/** `layer`, pushed: what a viewer is shown from now on; null: no layer. */
export interface LayerMessage {
  readonly session: string;
  readonly rid: string | null;
}

/** `renegotiate`, pushed: the client should offer anew. */
export interface RenegotiateMessage {
  readonly session: string;
}

/** `bye`, pushed: the server ended the session. `reason` is a stable code. */
export interface ByeMessage {
  readonly session: string;
  readonly reason: string;
}

export const descriptionSchema: z.ZodMiniType<Description> = z.object({
  type: z.enum(["offer", "answer"]),
  sdp: z.string().check(z.minLength(1), z.maxLength(messageLimits.sdp)),
});

export const candidateSchema: z.ZodMiniType<Candidate> = z.object({
  candidate: z.string().check(z.maxLength(messageLimits.candidate)),
  sdpMid: z.exactOptional(z.nullable(z.string().check(z.maxLength(messageLimits.id)))),
  sdpMLineIndex: z.exactOptional(z.nullable(z.number().check(z.minimum(0), z.maximum(0xffff)))),
  usernameFragment: z.exactOptional(
    z.nullable(z.string().check(z.maxLength(messageLimits.candidate))),
  ),
});

export const handshakeSchema: z.ZodMiniType<Handshake> = z.object({
  token: z.exactOptional(tokenSchema),
});

const clientIdSchema = z.string().check(z.regex(clientIdPattern));

export const openSchema: z.ZodMiniType<OpenMessage> = z.object({
  stream: streamNameSchema,
  token: z.exactOptional(tokenSchema),
  client: z.exactOptional(clientIdSchema),
});

export const publishSchema: z.ZodMiniType<PublishMessage> = z.object({
  stream: streamNameSchema,
  token: z.exactOptional(tokenSchema),
  takeOver: z.exactOptional(z.boolean()),
});

const pixelsSchema = z.int().check(z.minimum(1), z.maximum(messageLimits.viewport));

export const preferSchema: z.ZodMiniType<PreferMessage> = z.object({
  session: idSchema,
  rid: z.exactOptional(z.nullable(ridSchema)),
  viewport: z.exactOptional(z.nullable(z.object({ width: pixelsSchema, height: pixelsSchema }))),
});

export const observeSchema: z.ZodMiniType<ObserveMessage> = z.object({ stream: streamNameSchema });

export const resumeSchema: z.ZodMiniType<ResumeMessage> = z.object({
  session: idSchema,
  resume: idSchema,
});

export const descriptionMessageSchema: z.ZodMiniType<DescriptionMessage> = z.object({
  session: idSchema,
  description: descriptionSchema,
});

export const candidateMessageSchema: z.ZodMiniType<CandidateMessage> = z.object({
  session: idSchema,
  candidate: z.nullable(candidateSchema),
});

export const leaveSchema: z.ZodMiniType<LeaveMessage> = z.object({ session: idSchema });

/** `clock` carries nothing; whatever a later version puts into it is ignored. */
export const clockSchema: z.ZodMiniType<object> = z.looseObject({});

export const streamMessageSchema: z.ZodMiniType<StreamMessage> = z.object({
  session: z.exactOptional(idSchema),
  stream: streamStatusSchema,
});

export const layerSchema: z.ZodMiniType<LayerMessage> = z.object({
  session: idSchema,
  rid: z.nullable(ridSchema),
});

export const renegotiateSchema: z.ZodMiniType<RenegotiateMessage> = z.object({
  session: idSchema,
});

export const byeSchema: z.ZodMiniType<ByeMessage> = z.object({
  session: idSchema,
  reason: z.string().check(z.maxLength(messageLimits.text)),
});
