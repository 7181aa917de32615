import { z } from "zod";
import { documentOf } from "./schema.ts";

/** What a player tells of the time since it told last, by one transport. */
export interface BeaconReportDocument {
  readonly transport: string;
  readonly firstFrameMs?: number | undefined;
  readonly latencyMs?: number | undefined;
  readonly freezes?: number | undefined;
  readonly frozenSeconds?: number | undefined;
  readonly playedSeconds?: number | undefined;
  readonly framesDropped?: number | undefined;
  readonly framesShown?: number | undefined;
  readonly switches?:
    | readonly { readonly from: string; readonly to: string; readonly reason: string }[]
    | undefined;
  readonly path?: string | undefined;
}

/** What players post. `beacons/` takes it; a test holds both against the same examples. */
export interface BeaconDocument {
  readonly client?: string | undefined;
  readonly stream: string;
  readonly session?: string | undefined;
  readonly reports: readonly BeaconReportDocument[];
}

const transport = z.enum([
  ...(["webrtc", "webrtc-relay", "ws-flv", "http-flv"] as const),
  ...(["ll-hls", "long-poll", "sse", "mjpeg"] as const),
]);
const seconds = z.number().min(0).max(120);

const reportSchema: z.ZodType<BeaconReportDocument> = documentOf<BeaconReportDocument>(
  "BeaconReport",
  "How a stream played by one transport since the report before.",
  {
    transport: transport.describe("How the player played."),
    firstFrameMs: z
      .number()
      .min(0)
      .max(120_000)
      .describe("From asking to the first picture; told once.")
      .optional(),
    latencyMs: z
      .number()
      .min(-10_000)
      .max(120_000)
      .describe("From camera to screen; a clock that is not quite right gives less than nothing.")
      .optional(),
    freezes: z.int().min(0).max(1000).describe("How often the picture stood.").optional(),
    frozenSeconds: seconds.describe("How long it stood.").optional(),
    playedSeconds: seconds.describe("How long it played, standing included.").optional(),
    framesDropped: z.int().min(0).max(100_000).optional(),
    framesShown: z.int().min(0).max(100_000).optional(),
    switches: z
      .array(
        z.strictObject({
          from: transport,
          to: transport,
          reason: z
            .string()
            .max(64)
            .describe("A code; one that players do not have counts as `other`."),
        }),
      )
      .max(10)
      .describe("Changes of transport.")
      .optional(),
    path: z
      .enum(["udp", "tcp", "relay-udp", "relay-tcp", "relay-tls"])
      .describe("What ICE found.")
      .optional(),
  },
);

export const beaconSchema: z.ZodType<BeaconDocument> = documentOf<BeaconDocument>(
  "Beacon",
  "What a player tells of what its viewer sees.",
  {
    client: z
      .string()
      .regex(/^[A-Za-z0-9_-]{16,64}$/)
      .describe("As in `?client=` of the viewer's sessions; absent where the cookie tells it.")
      .optional(),
    stream: z.string().min(1).max(128).describe("The stream's name."),
    session: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .describe("Tells one time of playing from the next.")
      .optional(),
    reports: z.array(reportSchema).min(1).max(8).describe("One for each transport."),
  },
);
