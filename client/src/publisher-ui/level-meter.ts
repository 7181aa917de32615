import { type Level, levelWords } from "../publisher/level.ts";
import { h } from "../ui/dom.ts";

/** How often a screen reader's value changes: faster could not be read out. */
const wordsEveryMs = 1000;

/** The bar that shows how loud the microphone is; reads the level with each picture of the screen while started. */
export class LevelMeter {
  readonly element: HTMLElement;
  readonly #read: (nowMs: number) => Level;
  #frame: number | undefined;
  #wordsAtMs = Number.NEGATIVE_INFINITY;

  constructor(read: (nowMs: number) => Level) {
    this.#read = read;
    this.element = h(
      "div",
      {
        class: "meter",
        role: "meter",
        "aria-label": "Microphone level",
        "aria-valuemin": "-60",
        "aria-valuemax": "0",
        "aria-valuenow": "-60",
        "data-testid": "level",
      },
      h("span", { class: "meter-fill" }),
      h("span", { class: "meter-peak" }),
    );
  }

  /** May be called twice. */
  start(): void {
    if (this.#frame === undefined) this.#next();
  }

  /** May be called twice. */
  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#show({ db: -100, share: 0, peak: 0 }, performance.now());
  }

  #next(): void {
    this.#frame = requestAnimationFrame((nowMs) => {
      this.#next();
      this.#show(this.#read(nowMs), nowMs);
    });
  }

  #show({ db, share, peak }: Level, nowMs: number): void {
    this.element.style.setProperty("--level", share.toFixed(3));
    this.element.style.setProperty("--peak", peak.toFixed(3));
    if (nowMs - this.#wordsAtMs < wordsEveryMs) return;
    this.#wordsAtMs = nowMs;
    this.element.setAttribute("aria-valuenow", String(Math.max(-60, Math.round(db))));
    this.element.setAttribute("aria-valuetext", levelWords(db));
    this.element.dataset["level"] = levelWords(db).replace(" ", "-");
  }
}
