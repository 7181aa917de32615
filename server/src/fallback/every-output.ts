import type { Clock, Log } from "../core/index.ts";
import { createPollOutput, createSseOutput, EventHub } from "./events/index.ts";
import { createFlvOutput } from "./flv/index.ts";
import { createFmp4Outputs } from "./fmp4/index.ts";
import { createHlsOutput } from "./hls/index.ts";
import type { FallbackOutput } from "./output.ts";
import { createPicturesOutput } from "./pictures/index.ts";
import { createSoundOutput } from "./sound/index.ts";

export interface EveryOutput {
  readonly outputs: readonly FallbackOutput[];
  /** Closes what the outputs share; to be called after they are closed. May be called twice. */
  close(): void;
}

export interface EveryOutputOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time between two writes to an HTTP-FLV viewer once there are many. Milliseconds. */
  readonly flvGatherMs?: number | undefined;
}

/** All outputs there are. Fragments and events are made once for all that carry them. */
export function createEveryOutput(options: EveryOutputOptions): EveryOutput {
  const { clock, log, flvGatherMs } = options;
  const flvLimits = flvGatherMs === undefined ? {} : { maxFlushMs: flvGatherMs };
  const fragments = createFmp4Outputs({ clock, log });
  const hub = new EventHub({ fragments, clock });
  return {
    outputs: [
      createFlvOutput({ clock, log, limits: flvLimits }),
      createHlsOutput({ fmp4: fragments, clock, log }),
      createPollOutput({ fragments, hub, clock, log }),
      createSseOutput({ fragments, hub, clock, log }),
      createPicturesOutput({ clock, log }),
      createSoundOutput({ clock, log }),
    ],
    close: () => {
      hub.close();
      fragments.close();
    },
  };
}
