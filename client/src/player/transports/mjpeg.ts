import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { MjpegSession } from "./mjpeg-session.ts";
import type { Way } from "./way.ts";

/** Pictures without sound. */
export const mjpeg: Way = {
  surface: "image",
  tellsStatus: false,
  createSession({ address, environment, surface, events, watch, latency }) {
    return new MjpegSession({
      image: surface.image,
      events,
      scheduler: environment.scheduler,
      latency,
      serverWallMs: (atMs) => watch.serverWallMs(atMs),
      urls: {
        create: (jpeg) =>
          URL.createObjectURL(new Blob([jpeg as Uint8Array<ArrayBuffer>], { type: "image/jpeg" })),
        revoke: (url) => URL.revokeObjectURL(url),
      },
      openBytes: (byteEvents) =>
        openHttpBytes(
          {
            request: mediaRequest(address, ".mjpg"),
            fetch: environment.fetch,
            scheduler: environment.scheduler,
            answered: (response, sentMs) => watch.answered(response, sentMs),
          },
          byteEvents,
        ),
    });
  },
};
