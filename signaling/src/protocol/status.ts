import * as z from "zod/mini";
import type {
  CaptureTime,
  Hint,
  IceServer,
  LayerStatus,
  StreamHealth,
  StreamStatus,
  TrackStatus,
} from "../session/index.ts";
import { messageLimits } from "./limits.ts";

const text = z.string().check(z.maxLength(messageLimits.text));
const positive = z.number().check(z.positive());
const notNegative = z.number().check(z.minimum(0));

export const iceServerSchema: z.ZodMiniType<IceServer> = z.object({
  urls: z.array(text).check(z.minLength(1), z.maxLength(messageLimits.urlsPerIceServer)),
  username: z.exactOptional(text),
  credential: z.exactOptional(text),
});

/** A layer's name (RFC 8851 section 10: letters, digits, `-` and `_`). */
export const ridSchema: z.ZodMiniType<string> = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(messageLimits.rid));

const layerSchema: z.ZodMiniType<LayerStatus> = z.object({
  rid: ridSchema,
  width: notNegative,
  height: notNegative,
  frameRate: notNegative,
  bitrateBps: notNegative,
  active: z.boolean(),
});

const trackSchema: z.ZodMiniType<TrackStatus> = z.object({
  kind: z.enum(["video", "audio"]),
  codec: text,
  width: z.exactOptional(positive),
  height: z.exactOptional(positive),
  sampleRate: z.exactOptional(positive),
  channels: z.exactOptional(positive),
  layers: z.exactOptional(z.array(layerSchema).check(z.maxLength(messageLimits.layers))),
});

const hintSchema: z.ZodMiniType<Hint> = z.object({ code: text, message: text });

const captureTimeSchema: z.ZodMiniType<CaptureTime> = z.object({
  rtpTime: z.number().check(z.minimum(0), z.maximum(0xffff_ffff)),
  clockRate: positive,
  wallMs: z.number(),
});

const healthSchema: z.ZodMiniType<StreamHealth> = z.object({
  buffer: z.enum(["EMPTY", "FULL", "DRY", "RECOVER"]),
  sinceMs: z.number(),
  lagMs: notNegative,
  speed: z.number(),
});

export const streamStatusSchema: z.ZodMiniType<StreamStatus> = z.object({
  name: z.string().check(z.maxLength(messageLimits.streamName)),
  state: z.enum(["live", "waiting", "offline"]),
  tracks: z.array(trackSchema).check(z.maxLength(messageLimits.tracks)),
  hints: z.array(hintSchema).check(z.maxLength(messageLimits.hints)),
  captureTime: z.exactOptional(captureTimeSchema),
  viewers: z.exactOptional(notNegative),
  health: z.exactOptional(healthSchema),
});
