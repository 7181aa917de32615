import type { Clock, Log } from "../../core/index.ts";
import type { Fmp4Outputs } from "./fragments.ts";
import { defaultFmp4Limits, type Fmp4Limits } from "./limits.ts";
import { SharedOutputs } from "./outputs.ts";

export type {
  Fmp4Init,
  Fmp4Lease,
  Fmp4Listener,
  Fmp4Output,
  Fmp4Outputs,
  Fmp4Part,
  Fmp4Sound,
} from "./fragments.ts";
export { defaultFmp4Limits, type Fmp4Limits } from "./limits.ts";

export interface Fmp4OutputsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<Fmp4Limits> | undefined;
}

/** The shared fragments of all streams. Whoever makes it closes it. */
export function createFmp4Outputs({ clock, log, limits }: Fmp4OutputsOptions): Fmp4Outputs {
  return new SharedOutputs(clock, log, { ...defaultFmp4Limits, ...limits });
}
