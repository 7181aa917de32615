import type { FailureText } from "../player/failure.ts";
import type { SendStats } from "./send-stats-delta.ts";

/** Something that hurts what viewers see or hear, though the stream is live. */
export type AdviceCode =
  | "CPU_LIMITED"
  | "BANDWIDTH_LIMITED"
  | "UPLINK_LOSS"
  | "UPLINK_SLOW"
  | "CAMERA_SLOW"
  | "MICROPHONE_SILENT"
  | "PATH_TCP";

export interface Advice extends FailureText {
  readonly code: AdviceCode;
}

export interface AdviceInput {
  readonly stats: SendStats;
  /** Frames a second that were asked for. */
  readonly frameRate: number;
  /** Bits a second of video that were asked for, all layers together. */
  readonly wantedBps: number;
  /** Nothing at all comes from a microphone that is not muted. */
  readonly silent: boolean;
  /** The picture is a camera's, which gives frames all the time; screens give them when something moves. */
  readonly camera: boolean;
}

/** Loss above this is seen or heard, or costs repairs. */
const lossRatio = 0.03;
/** Round trips above this make repairs come late. */
const slowRttMs = 300;
/** A browser that gets less than this share of what it was asked for makes an ugly picture. */
const enoughShare = 0.75;
const enoughFrames = 0.7;

/** How many seconds in a row something has to hurt before it is told, and has to be well before it is not told any more. */
export const adviceSeconds: { readonly on: number; readonly off: number } = { on: 4, off: 6 };
/** Browsers begin with few bits and take their time: the first seconds of a stream say nothing. */
export const warmUpSeconds = 8;

/** What hurts in this second. */
export function adviceNow(input: AdviceInput): readonly AdviceCode[] {
  const { stats, wantedBps } = input;
  const { video } = stats;
  const found: AdviceCode[] = [];
  if (video?.limitation === "cpu") found.push("CPU_LIMITED");
  const sentBps = video?.bitrateBps ?? 0;
  if (video?.limitation === "bandwidth" && sentBps < wantedBps * enoughShare) {
    found.push("BANDWIDTH_LIMITED");
  }
  if ((stats.lossRatio ?? 0) > lossRatio) found.push("UPLINK_LOSS");
  if ((stats.rttMs ?? 0) > slowRttMs) found.push("UPLINK_SLOW");
  const source = video?.sourceFrameRate;
  if (input.camera && source !== undefined && source < input.frameRate * enoughFrames) {
    found.push("CAMERA_SLOW");
  }
  if (input.silent) found.push("MICROPHONE_SILENT");
  if (stats.path?.protocol === "tcp") found.push("PATH_TCP");
  return found;
}

const texts: Readonly<Record<AdviceCode, FailureText>> = {
  CPU_LIMITED: {
    title: "This computer is too busy",
    detail:
      "It cannot encode the picture as chosen, so viewers get fewer frames or pixels. Close other programs, choose a smaller resolution, or switch several sizes off.",
  },
  BANDWIDTH_LIMITED: {
    title: "Your connection is too slow for these settings",
    detail:
      "The browser sends a poorer picture. Choose a smaller resolution or bit rate, use a cable instead of Wi-Fi, or stop other uploads.",
  },
  UPLINK_LOSS: {
    title: "Packets get lost on the way",
    detail:
      "They are sent again, but pictures may stand still for a moment. Go nearer to the Wi-Fi router, or use a cable.",
  },
  UPLINK_SLOW: {
    title: "The way to the server is long",
    detail: "Viewers see you later than usual. A VPN or a busy line may be the reason.",
  },
  CAMERA_SLOW: {
    title: "The camera gives fewer frames",
    detail:
      "In dim light cameras expose longer. Make more light, or choose a smaller frame rate or resolution.",
  },
  MICROPHONE_SILENT: {
    title: "Nothing comes from the microphone",
    detail: "Is it switched off at the device? Speak, or choose another microphone.",
  },
  PATH_TCP: {
    title: "Media goes over TCP",
    detail: "This network blocks UDP. It works, but stops now and then when packets get lost.",
  },
};

/** Tells what hurts for a while, and not what passes in a second. */
export class Adviser {
  readonly #seconds = new Map<AdviceCode, { hurts: number; well: number; told: boolean }>();
  #second = 0;

  /** Takes the figures of one second; gives what is to be told now. */
  next(input: AdviceInput): readonly Advice[] {
    this.#second += 1;
    if (this.#second <= warmUpSeconds) return [];
    const now = new Set(adviceNow(input));
    for (const code of now) {
      if (!this.#seconds.has(code)) this.#seconds.set(code, { hurts: 0, well: 0, told: false });
    }
    const told: Advice[] = [];
    for (const [code, seen] of this.#seconds) {
      if (now.has(code)) {
        seen.hurts += 1;
        seen.well = 0;
      } else {
        seen.well += 1;
        seen.hurts = 0;
      }
      if (seen.hurts >= adviceSeconds.on) seen.told = true;
      if (seen.well >= adviceSeconds.off) this.#seconds.delete(code);
      else if (seen.told) told.push({ code, ...texts[code] });
    }
    return told;
  }

  /** Forgets the stream. */
  reset(): void {
    this.#seconds.clear();
    this.#second = 0;
  }
}
