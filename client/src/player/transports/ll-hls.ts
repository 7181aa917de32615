import { canChaseSmoothly } from "../sink/live-edge-driver.ts";
import { findMediaSource } from "../sink/media-source.ts";
import { type HlsLibrary, HlsSession } from "./hls-session.ts";
import { mediaRequest, plainMediaUrl } from "./media-request.ts";
import { NativeHlsSession } from "./native-hls-session.ts";
import type { Way } from "./way.ts";

const suffix = ".m3u8";

/** Low-latency HLS: by hls.js, or by the browser itself where that is all there is. */
export const llHls: Way = {
  surface: "video",
  tellsStatus: false,
  loadLibrary: async () => {
    if (findMediaSource() !== undefined) await load();
  },
  createSession(context) {
    const { address, environment, surface, events, watch, targetLatency } = context;
    const common = {
      video: surface.video,
      events,
      scheduler: environment.scheduler,
      request: mediaRequest(address, suffix),
      answered: (response: Pick<Response, "headers">, sentMs: number) =>
        watch.answered(response, sentMs),
    };
    if (findMediaSource() !== undefined) {
      return new HlsSession({ ...common, load, targetLatency, canChase: canChaseSmoothly() });
    }
    return new NativeHlsSession({
      ...common,
      fetch: environment.fetch,
      url: plainMediaUrl(address, suffix),
    });
  },
};

async function load(): Promise<HlsLibrary> {
  return (await import("./hls-library.ts")).Hls;
}
