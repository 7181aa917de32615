import { PartsSession } from "./parts-session.ts";
import { openPollRecords } from "./poll-records.ts";
import { soundFor } from "./sound-choice.ts";
import { edgeLimits, requireMediaSource, type Way } from "./way.ts";

/** Beside the lumps in which media comes, which the control of the live edge measures itself. Seconds. */
const targetSeconds = 0.8;

/** Media parts by long-polling, through proxies that hold back answers until they are complete. */
export const longPoll: Way = {
  surface: "video",
  tellsStatus: true,
  createSession(context) {
    const { address, environment, surface, events, watch } = context;
    const kind = requireMediaSource();
    return new PartsSession({
      video: surface.video,
      events,
      scheduler: environment.scheduler,
      kind,
      stream: address.stream,
      edgeLimits: edgeLimits(context, targetSeconds),
      openRecords: (recordEvents) =>
        openPollRecords(
          {
            address,
            sound: soundFor(kind),
            fetch: environment.fetch,
            scheduler: environment.scheduler,
            answered: (response, sentMs) => watch.answered(response, sentMs),
          },
          recordEvents,
        ),
    });
  },
};
