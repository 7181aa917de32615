import { flvTargetSeconds, loadFlvEngine } from "./flv-loading.ts";
import { FlvSession } from "./flv-session.ts";
import { mediaRequest, plainMediaUrl } from "./media-request.ts";
import { openSocketBytes } from "./socket-bytes.ts";
import { edgeLimits, type Way } from "./way.ts";

/** FLV in the messages of a WebSocket. */
export const wsFlv: Way = {
  surface: "video",
  tellsStatus: false,
  createSession(context) {
    const { address, environment, surface, events } = context;
    return new FlvSession({
      video: surface.video,
      events,
      scheduler: environment.scheduler,
      loadEngine: loadFlvEngine,
      edgeLimits: edgeLimits(context, flvTargetSeconds),
      openBytes: (byteEvents) =>
        openSocketBytes(
          {
            url: plainMediaUrl(address, ".flv", "ws"),
            createSocket: (url) => new WebSocket(url),
            request: mediaRequest(address, ".flv"),
            fetch: environment.fetch,
            scheduler: environment.scheduler,
          },
          byteEvents,
        ),
    });
  },
};
