import { drawText, fontHeight, textWidth } from "./font.ts";
import { colour, Mosaic } from "./mosaic.ts";
import { drawTimeCode } from "./time-code.ts";

/** Size of the picture in macroblocks: 1280 × 720 pixels. */
export const patternColumns = 80;
export const patternRows = 45;

/** Rows of the parts of the picture, in macroblocks. */
const barRows = 17;
const moverTop = 18;
const moverRows = 3;
const clockTop = 23;
const nameTop = 32;
/** The strip of the time code; tests read it off the screen. */
export const timeCodeTop = 41;
export const timeCodeRows = 3;

/** The square that flashes with the beep: left, top, size. */
const flashLeft = 66;
const flashSize = fontHeight;
const moverWidth = 4;

/** SMPTE 75 % bars. */
const bars = [
  colour(0.75, 0.75, 0.75),
  colour(0.75, 0.75, 0),
  colour(0, 0.75, 0.75),
  colour(0, 0.75, 0),
  colour(0.75, 0, 0.75),
  colour(0.75, 0, 0),
  colour(0, 0, 0.75),
  colour(0.1, 0.1, 0.1),
];
const background = colour(0.07, 0.08, 0.11);
const track = colour(0.14, 0.16, 0.21);
const white = colour(1, 1, 1);
const accent = colour(0.31, 0.78, 0.94);
const quiet = colour(0.55, 0.6, 0.68);

/** What one picture shows. */
export interface PatternState {
  /** Wall clock in milliseconds since 1970, drawn as local time and as time code. */
  readonly wallMs: number;
  /** Number of the picture; the mover is one macroblock further in each. */
  readonly frame: number;
  /** Whether the beep sounds now. */
  readonly flash: boolean;
}

/** Draws the test picture into one mosaic that it keeps. */
export class Pattern {
  readonly mosaic: Mosaic = new Mosaic(patternColumns, patternRows);
  #moverLeft = 0;
  #clock = "";

  constructor() {
    const { mosaic } = this;
    const barColumns = patternColumns / bars.length;
    mosaic.fill(0, 0, patternColumns, patternRows, background);
    bars.forEach((bar, index) => {
      mosaic.fill(index * barColumns, 0, barColumns, barRows, bar);
    });
    mosaic.fill(0, moverTop, patternColumns, moverRows, track);
    drawText(mosaic, "MILLRACE", 8, nameTop, quiet);
  }

  draw(state: PatternState): Mosaic {
    const { mosaic } = this;
    this.#fillMover(track);
    this.#moverLeft = state.frame % patternColumns;
    this.#fillMover(accent);
    this.#drawClock(clockText(state.wallMs));
    mosaic.fill(flashLeft, nameTop, flashSize, flashSize, state.flash ? white : track);
    drawTimeCode(mosaic, state.wallMs, timeCodeTop, timeCodeRows);
    return mosaic;
  }

  /** The mover leaves at the right and comes in at the left. */
  #fillMover(ink: typeof accent): void {
    for (let column = 0; column < moverWidth; column++) {
      const left = (this.#moverLeft + column) % patternColumns;
      this.mosaic.fill(left, moverTop, 1, moverRows, ink);
    }
  }

  #drawClock(text: string): void {
    if (text === this.#clock) return;
    this.#clock = text;
    this.mosaic.fill(0, clockTop, patternColumns, fontHeight, background);
    const left = Math.floor((patternColumns - textWidth(text)) / 2);
    drawText(this.mosaic, text, left, clockTop, white);
  }
}

/** `HH:MM:SS.mmm` in the time zone of this machine. */
export function clockText(wallMs: number): string {
  const time = new Date(wallMs);
  const part = (value: number, digits: number): string => String(value).padStart(digits, "0");
  const seconds = `${part(time.getSeconds(), 2)}.${part(time.getMilliseconds(), 3)}`;
  return `${part(time.getHours(), 2)}:${part(time.getMinutes(), 2)}:${seconds}`;
}
