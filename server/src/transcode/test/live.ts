import type { Frame } from "@millrace/media/frame";
import type { Derivation } from "../../core/index.ts";

/** Pushes frames into derivations at the pace at which a live source makes them. */
export async function pushLive(
  derivations: readonly Derivation[],
  frames: readonly Frame[],
  /** Called once, when the media time passes `atMs`. */
  event?: { readonly atMs: number; run(): void },
): Promise<void> {
  const startMs = performance.now();
  const firstUs = frames[0]?.dtsUs ?? 0;
  let next = 0;
  let pending = event;
  while (next < frames.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const nowMs = performance.now() - startMs;
    for (let frame = frames[next]; frame !== undefined; frame = frames[next]) {
      if (frame.dtsUs - firstUs > nowMs * 1000) break;
      for (const derivation of derivations) derivation.push(frame);
      next++;
    }
    if (pending !== undefined && nowMs >= pending.atMs) {
      pending.run();
      pending = undefined;
    }
  }
}
