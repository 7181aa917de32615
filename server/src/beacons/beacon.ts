import { z } from "zod";
import { RefusedError } from "../core/errors.ts";
import { knownReason } from "./reasons.ts";

/** The ways by which players play, as in `client/src/player/transports/transport.ts`. */
const transports = [
  "webrtc",
  "webrtc-relay",
  "ws-flv",
  "http-flv",
  "ll-hls",
  "long-poll",
  "sse",
  "mjpeg",
] as const;

/** What ICE found: who relays, if anybody, and over what the browser sends. */
const paths = ["udp", "tcp", "relay-udp", "relay-tcp", "relay-tls"] as const;

const count = (max: number) => z.int().min(0).max(max).default(0);
const seconds = z.number().min(0).max(120).default(0);

/** What a player tells of the time since it told last, by one transport. */
export interface Report {
  readonly transport: (typeof transports)[number];
  readonly firstFrameMs?: number | undefined;
  readonly latencyMs?: number | undefined;
  readonly freezes: number;
  readonly frozenSeconds: number;
  readonly playedSeconds: number;
  readonly framesDropped: number;
  readonly framesShown: number;
  readonly switches: readonly {
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }[];
  readonly path?: (typeof paths)[number] | undefined;
}

export interface Beacon {
  /** How the viewer's sessions name their client; absent where a cookie does. */
  readonly client?: string | undefined;
  readonly stream: string;
  /** Tells one time of playing from the next. */
  readonly session?: string | undefined;
  readonly reports: readonly Report[];
}

const reportSchema: z.ZodType<Report> = z.object({
  transport: z.enum(transports),
  firstFrameMs: z.number().min(0).max(120_000).optional(),
  /** A clock that is not quite right gives a little less than nothing. */
  latencyMs: z.number().min(-10_000).max(120_000).optional(),
  freezes: count(1000),
  frozenSeconds: seconds,
  playedSeconds: seconds,
  framesDropped: count(100_000),
  framesShown: count(100_000),
  switches: z
    .array(
      z.object({
        from: z.enum(transports),
        to: z.enum(transports),
        reason: z.string().max(64).transform(knownReason),
      }),
    )
    .max(10)
    .default([]),
  path: z.enum(paths).optional(),
});

const beaconSchema: z.ZodType<Beacon> = z.object({
  client: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,64}$/)
    .optional(),
  stream: z.string().min(1).max(128),
  session: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  /** What happened since the last beacon, one for each transport. */
  reports: z.array(reportSchema).min(1).max(8),
});

/** @throws RefusedError `BEACON_INVALID` 400 */
export function parseBeacon(text: string): Beacon {
  try {
    const parsed = beaconSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // What is no JSON is no beacon either.
  }
  throw new RefusedError("BEACON_INVALID", 400, "That is not what players tell.");
}

/** Freezes in a second that anybody could see. */
const maxFreezesPerSecond = 4;

/** The report with no more time in it than there can have been, so that nobody's word outweighs that of others. */
export function withinSeconds(report: Report, seconds: number): Report {
  const told = report.playedSeconds + report.frozenSeconds;
  const part = told <= seconds ? 1 : seconds / told;
  return {
    ...report,
    playedSeconds: report.playedSeconds * part,
    frozenSeconds: report.frozenSeconds * part,
    freezes: Math.min(report.freezes, Math.ceil(seconds * maxFreezesPerSecond)),
  };
}
