import * as z from "zod/mini";
import { SignalingError } from "../session/error.ts";
import type { IceServer, StreamStatus } from "../session/index.ts";
import { messageLimits } from "./limits.ts";
import { type Description, descriptionSchema } from "./messages.ts";
import { iceServerSchema, streamStatusSchema } from "./status.ts";

export interface WireError {
  /** Stable, UPPER_SNAKE. */
  readonly code: string;
  /** One sentence in English for a developer; may change. */
  readonly message: string;
}

export interface Refusal {
  readonly ok: false;
  readonly error: WireError;
}

/** Every request is acknowledged with one of the two. */
export type Reply<Success extends object> = (Success & { readonly ok: true }) | Refusal;

/** Answers `watch` and `publish`. */
export interface Opened {
  readonly session: string;
  /** Lets a later connection take the session over. Secret. */
  readonly resume: string;
  readonly iceServers: readonly IceServer[];
  readonly stream: StreamStatus;
}

/** Answers `resume` and `observe`. */
export interface StatusReply {
  readonly stream: StreamStatus;
}

/** Answers `description`: with the answer when the message was an offer. */
export interface DescriptionReply {
  readonly description?: Description;
}

/** Answers `clock`: the server's wall clock when the request came and when the reply left, in ms since 1970. */
export interface ClockReply {
  readonly receivedMs: number;
  readonly sentMs: number;
}

const secret = z.string().check(z.minLength(1), z.maxLength(messageLimits.id));
const text = z.string().check(z.maxLength(messageLimits.text));

export const openedSchema: z.ZodMiniType<Opened> = z.object({
  session: secret,
  resume: secret,
  iceServers: z.array(iceServerSchema).check(z.maxLength(messageLimits.iceServers)),
  stream: streamStatusSchema,
});

export const statusReplySchema: z.ZodMiniType<StatusReply> = z.object({
  stream: streamStatusSchema,
});

export const descriptionReplySchema: z.ZodMiniType<DescriptionReply> = z.object({
  description: z.exactOptional(descriptionSchema),
});

export const clockReplySchema: z.ZodMiniType<ClockReply> = z.object({
  receivedMs: z.number(),
  sentMs: z.number(),
});

/** For requests that are answered with nothing but success. */
export const emptyReplySchema: z.ZodMiniType<object> = z.object({});

const okSchema = z.object({ ok: z.literal(true) });
const refusalSchema = z.object({
  ok: z.literal(false),
  error: z.object({ code: text, message: text }),
});

/**
 * What an acknowledgement holds.
 * @throws SignalingError with the server's code when it is a refusal, `PROTOCOL_VIOLATION` when it is neither.
 */
export function parseReply<Success extends object>(
  schema: z.ZodMiniType<Success>,
  reply: unknown,
): Success {
  const refusal = refusalSchema.safeParse(reply);
  if (refusal.success) {
    throw new SignalingError(refusal.data.error.code, refusal.data.error.message);
  }
  const success = okSchema.safeParse(reply).success ? schema.safeParse(reply) : undefined;
  if (success?.success !== true) {
    throw new SignalingError("PROTOCOL_VIOLATION", "The server's reply is malformed.");
  }
  return success.data;
}
