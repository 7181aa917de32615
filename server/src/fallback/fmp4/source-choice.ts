import { isFmp4Codec } from "@millrace/media/fmp4";
import type { MediaKind } from "@millrace/media/frame";
import {
  type DerivedTarget,
  RefusedError,
  type Stream,
  type Track,
  type TrackLease,
} from "../../core/index.ts";
import type { Fmp4Sound } from "./fragments.ts";

/** Where an output takes a kind of track from. */
export interface SourceChoice {
  /** The publisher's track. */
  readonly origin: Track;
  /** What has to be made out of it; undefined when it is taken as it is. */
  readonly target: DerivedTarget | undefined;
  /** Whose frames are taken; undefined when it cannot be had. */
  readonly track: Track | undefined;
  readonly lease: TrackLease | undefined;
  readonly refusal: RefusedError | undefined;
}

/** The choice for a kind of track; the one before it when nothing changed. Undefined when the stream has no such track. */
export function chooseSource(
  stream: Stream,
  kind: MediaKind,
  sound: Fmp4Sound,
  before: SourceChoice | undefined,
): SourceChoice | undefined {
  const origin = stream.track(kind);
  if (origin === undefined) return undefined;
  const target = targetFor(origin, sound);
  if (before?.origin === origin && before.target?.codec === target?.codec) return before;
  if (target === undefined) {
    return { origin, target, track: origin, lease: undefined, refusal: undefined };
  }
  try {
    const lease = stream.acquire(target);
    return { origin, target, track: lease.track, lease, refusal: undefined };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { origin, target, track: undefined, lease: undefined, refusal: error };
  }
}

/** The choice after its track ended although its origin goes on. */
export function failedChoice(choice: SourceChoice, code: string): SourceChoice {
  const refusal = new RefusedError(code, 503, `The ${choice.origin.kind} cannot be had now.`);
  return { ...choice, track: undefined, lease: undefined, refusal };
}

function targetFor({ kind, info }: Track, sound: Fmp4Sound): DerivedTarget | undefined {
  if (kind === "video") {
    return isFmp4Codec(info.codec) ? undefined : { kind, codec: "h264", reorder: false };
  }
  const isFine = sound === "aac" ? info.codec === "aac" : isFmp4Codec(info.codec);
  return isFine ? undefined : { kind, codec: "aac" };
}
