import { z } from "zod";
import { amount, count, documentOf, text } from "./schema.ts";

/** One simulcast layer of a video track. */
export interface LayerDocument {
  readonly rid?: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly bitrateBps: number;
  readonly active: boolean;
}

/** One line of a stream. Figures are told of one stream only, to administrators. */
export interface TrackDocument {
  readonly id: string;
  readonly kind: "video" | "audio";
  readonly codec: string;
  readonly codecString: string;
  readonly derived: boolean;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly bFrames?: boolean | null | undefined;
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
  readonly layers?: readonly LayerDocument[] | undefined;
  readonly bitrateBps?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly keyIntervalMs?: number | undefined;
  readonly frames?: number | undefined;
  readonly bytes?: number | undefined;
  readonly cachedFrames?: number | undefined;
  readonly cachedBytes?: number | undefined;
}

const layerSchema: z.ZodType<LayerDocument> = documentOf<LayerDocument>(
  "Layer",
  "One simulcast layer of a video track.",
  {
    rid: text.optional(),
    width: count,
    height: count,
    frameRate: amount,
    bitrateBps: count,
    active: z.boolean().describe("It comes at the moment."),
  },
);

export const trackSchema: z.ZodType<TrackDocument> = documentOf<TrackDocument>(
  "Track",
  "One audio or video line of a stream.",
  {
    id: text,
    kind: z.enum(["video", "audio"]),
    codec: text.describe("Such as h264, opus."),
    codecString: text.describe("RFC 6381."),
    derived: z.boolean().describe("Made here out of another track."),
    width: count.describe("Of video; 0 while it is not known.").optional(),
    height: count.optional(),
    bFrames: z.boolean().nullable().describe("Of video; null while it is not known.").optional(),
    sampleRate: count.describe("Of audio. Hz.").optional(),
    channels: count.optional(),
    layers: z.array(layerSchema).describe("Of simulcast.").optional(),
    bitrateBps: count.describe("Of the last seconds.").optional(),
    frameRate: amount.describe("Of video, of the last seconds.").optional(),
    keyIntervalMs: count.describe("Between the last key frames.").optional(),
    frames: count.describe("Since the track began.").optional(),
    bytes: count.describe("Payload since the track began.").optional(),
    cachedFrames: count.describe("Kept for late viewers.").optional(),
    cachedBytes: count.optional(),
  },
);
