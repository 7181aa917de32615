import { PartsSession } from "./parts-session.ts";
import type { RecordEvents, RecordSource } from "./record-source.ts";
import { soundFor } from "./sound-choice.ts";
import { edgeLimits, requireMediaSource, type Way, type WayContext } from "./way.ts";

/**
 * A way to watch media parts, by whatever brings their records; it plays `targetSeconds` behind the end of its buffer.
 * `sound`: `aac` where the browser cannot play the publisher's.
 */
export function partsWay(
  targetSeconds: number,
  openRecords: (context: WayContext, sound: "native" | "aac", events: RecordEvents) => RecordSource,
): Way {
  return {
    surface: "video",
    tellsStatus: true,
    createSession(context) {
      const { address, environment, surface, events } = context;
      const kind = requireMediaSource();
      return new PartsSession({
        video: surface.video,
        events,
        scheduler: environment.scheduler,
        kind,
        stream: address.stream,
        edgeLimits: edgeLimits(context, targetSeconds),
        openRecords: (recordEvents) => openRecords(context, soundFor(kind), recordEvents),
      });
    },
  };
}
