import type { Clock, Log } from "../../core/index.ts";
import { defaultFmp4Limits, type Fmp4Limits, type Fmp4Outputs } from "../fmp4/index.ts";
import type { FallbackOutput } from "../output.ts";
import { defaultHlsLimits, type HlsLimits } from "./limits.ts";
import { HlsServer } from "./output.ts";

export { defaultHlsLimits, type HlsLimits } from "./limits.ts";

export interface HlsOutputOptions {
  /** The fragments of all streams; whoever made it closes it, after this. */
  readonly fmp4: Fmp4Outputs;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<HlsLimits> | undefined;
  /** What `fmp4` was made with, as far as it is not the default. */
  readonly fmp4Limits?: Partial<Fmp4Limits> | undefined;
}

/** LL-HLS for `.m3u8` and `.hls`. */
export function createHlsOutput(options: HlsOutputOptions): FallbackOutput {
  const { partMs, partSlackMs, keyIntervalMs } = { ...defaultFmp4Limits, ...options.fmp4Limits };
  return new HlsServer({
    fmp4: options.fmp4,
    clock: options.clock,
    log: options.log,
    limits: { ...defaultHlsLimits, ...options.limits },
    partUs: (partMs + partSlackMs) * 1000,
    requestedKeyMs: keyIntervalMs,
  });
}
