import { type CreateFlvEngine, createMpegtsEngine } from "./flv-engine.ts";

/** How far behind the end of its buffer FLV plays: frames come one by one. Seconds. */
export const flvTargetSeconds = 0.4;

/** Loads mpegts.js; what failed to load is asked for again by the next one. */
export async function loadFlvEngine(): Promise<CreateFlvEngine> {
  const { mpegts } = await import("./flv-library.ts");
  return (options) => createMpegtsEngine(mpegts, options);
}
