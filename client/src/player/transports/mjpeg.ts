import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { MjpegSession } from "./mjpeg-session.ts";
import { type Way, webOf } from "./way.ts";

/** Pictures without sound. */
export const mjpeg: Way = {
  surface: "image",
  tellsStatus: false,
  createSession(context) {
    const { address, environment, surface, events, watch, latency } = context;
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
        openHttpBytes({ ...webOf(context), request: mediaRequest(address, ".mjpg") }, byteEvents),
    });
  },
};
