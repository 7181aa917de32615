import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../core/index.ts";
import type { ProbeLimits } from "./limits.ts";

/** What a timed answer is made of. */
export interface BeatKind {
  readonly type: string;
  /** The piece number `beat`, from 1. */
  piece(beat: number): string | Uint8Array;
  /** Stands after the last piece. */
  readonly end: string;
}

/** Server-sent events: `beat` for each, then `bye`. WHATWG HTML section 9.2. */
export const eventBeats: BeatKind = {
  type: "text/event-stream",
  piece: (beat) => `event: beat\ndata: ${beat}\n\n`,
  end: "event: bye\ndata: 0\n\n",
};

/** Bytes that nothing on the way can make shorter. */
export function byteBeats({ beatBytes }: ProbeLimits): BeatKind {
  const piece = randomBytes(beatBytes);
  return { type: "application/octet-stream", piece: () => piece, end: "" };
}

/**
 * Writes pieces at even times, the first at once, with the headers of the outputs that never end. What is measured is
 * when they arrive. Ends by itself; `onEnd` is called once, whatever ended it.
 */
export function sendBeats(
  response: ServerResponse,
  kind: BeatKind,
  clock: Clock,
  { beats, beatMs }: ProbeLimits,
  onEnd: () => void,
): { close(): void } {
  let timer: Timer | undefined;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    timer?.cancel();
    onEnd();
  };
  const next = (beat: number): void => {
    if (ended) return;
    if (beat > beats) {
      response.end(kind.end);
      return;
    }
    // A browser that takes nothing gets no more than what its network holds.
    if (!response.writableNeedDrain) response.write(kind.piece(beat));
    timer = clock.after(beatMs, () => next(beat + 1));
  };
  response.once("close", end);
  response.writeHead(200, {
    "Content-Type": kind.type,
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  });
  next(1);
  return {
    close() {
      response.destroy();
      end();
    },
  };
}
