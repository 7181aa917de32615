import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { PartsSession } from "./parts-session.ts";
import { soundFor } from "./sound-choice.ts";
import { openSseRecords } from "./sse-records.ts";
import { edgeLimits, requireMediaSource, type Way } from "./way.ts";

/** Seconds. */
const targetSeconds = 0.6;

/** Media parts as text in server-sent events, where nothing but text passes. */
export const sse: Way = {
  surface: "video",
  tellsStatus: true,
  createSession(context) {
    const { address, environment, surface, events, watch } = context;
    const kind = requireMediaSource();
    const sound = soundFor(kind);
    const query = { media: "1", ...(sound === "aac" && { sound }) };
    return new PartsSession({
      video: surface.video,
      events,
      scheduler: environment.scheduler,
      kind,
      stream: address.stream,
      edgeLimits: edgeLimits(context, targetSeconds),
      openRecords: (recordEvents) =>
        openSseRecords(
          (byteEvents) =>
            openHttpBytes(
              {
                request: mediaRequest(address, ".sse", query),
                fetch: environment.fetch,
                scheduler: environment.scheduler,
                answered: (response, sentMs) => watch.answered(response, sentMs),
              },
              byteEvents,
            ),
          recordEvents,
        ),
    });
  },
};
