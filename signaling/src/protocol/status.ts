import * as z from "zod/mini";
import type { CaptureTime, Hint, IceServer, StreamStatus, TrackStatus } from "../session/index.ts";
import { messageLimits } from "./limits.ts";

const text = z.string().check(z.maxLength(messageLimits.text));
const positive = z.number().check(z.positive());

export const iceServerSchema: z.ZodMiniType<IceServer> = z.object({
  urls: z.array(text).check(z.minLength(1), z.maxLength(messageLimits.urlsPerIceServer)),
  username: z.exactOptional(text),
  credential: z.exactOptional(text),
});

const trackSchema: z.ZodMiniType<TrackStatus> = z.object({
  kind: z.enum(["video", "audio"]),
  codec: text,
  width: z.exactOptional(positive),
  height: z.exactOptional(positive),
  sampleRate: z.exactOptional(positive),
  channels: z.exactOptional(positive),
});

const hintSchema: z.ZodMiniType<Hint> = z.object({ code: text, message: text });

const captureTimeSchema: z.ZodMiniType<CaptureTime> = z.object({
  rtpTime: z.number().check(z.minimum(0), z.maximum(0xffff_ffff)),
  clockRate: positive,
  wallMs: z.number(),
});

export const streamStatusSchema: z.ZodMiniType<StreamStatus> = z.object({
  name: z.string().check(z.maxLength(messageLimits.streamName)),
  state: z.enum(["live", "waiting", "offline"]),
  tracks: z.array(trackSchema).check(z.maxLength(messageLimits.tracks)),
  hints: z.array(hintSchema).check(z.maxLength(messageLimits.hints)),
  captureTime: z.exactOptional(captureTimeSchema),
});
