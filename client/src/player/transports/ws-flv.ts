import { flvWay } from "./flv-way.ts";
import { mediaRequest, plainMediaUrl } from "./media-request.ts";
import { openSocketBytes } from "./socket-bytes.ts";
import { type Way, webOf } from "./way.ts";

/** FLV in the messages of a WebSocket. */
export const wsFlv: Way = flvWay((context, events) =>
  openSocketBytes(
    {
      ...webOf(context),
      url: plainMediaUrl(context.address, ".flv", "ws"),
      createSocket: (url) => new WebSocket(url),
      request: mediaRequest(context.address, ".flv"),
    },
    events,
  ),
);
