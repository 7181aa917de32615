import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { flvTargetSeconds, loadFlvEngine } from "./flv-loading.ts";
import { FlvSession } from "./flv-session.ts";
import { edgeLimits, type Way, type WayContext } from "./way.ts";

/** A way to watch FLV, by whatever brings its bytes. */
export function flvWay(
  openBytes: (context: WayContext, events: ByteStreamEvents) => ByteStream,
): Way {
  return {
    surface: "video",
    tellsStatus: false,
    loadLibrary: loadFlvEngine,
    createSession(context) {
      const { environment, surface, events } = context;
      return new FlvSession({
        video: surface.video,
        events,
        scheduler: environment.scheduler,
        loadEngine: loadFlvEngine,
        edgeLimits: edgeLimits(context, flvTargetSeconds),
        openBytes: (byteEvents) => openBytes(context, byteEvents),
      });
    },
  };
}
