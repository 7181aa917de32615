import { flvTargetSeconds, loadFlvEngine } from "./flv-loading.ts";
import { FlvSession } from "./flv-session.ts";
import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { edgeLimits, type Way } from "./way.ts";

/** FLV in an answer that goes on. */
export const httpFlv: Way = {
  surface: "video",
  tellsStatus: false,
  createSession(context) {
    const { address, environment, surface, events, watch } = context;
    return new FlvSession({
      video: surface.video,
      events,
      scheduler: environment.scheduler,
      loadEngine: loadFlvEngine,
      edgeLimits: edgeLimits(context, flvTargetSeconds),
      openBytes: (byteEvents) =>
        openHttpBytes(
          {
            request: mediaRequest(address, ".flv"),
            fetch: environment.fetch,
            scheduler: environment.scheduler,
            answered: (response, sentMs) => watch.answered(response, sentMs),
          },
          byteEvents,
        ),
    });
  },
};
