import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { h, setText } from "../ui/dom.ts";

/** One line or area of a graph. */
export interface GraphSeries {
  /** Stable. */
  readonly id: string;
  readonly label: string;
  /** Name of a custom property of the style sheet, such as `--water`. */
  readonly colour: string;
  /** What is drawn. */
  readonly values: readonly number[];
  /** What is told; default: what is drawn. */
  readonly told?: readonly number[];
  /** Drawn against the right side. */
  readonly right?: boolean;
}

export interface GraphOptions {
  /** Stable; for tests. */
  readonly id: string;
  readonly title: string;
  /** Areas painted over each other, the largest first. */
  readonly filled: boolean;
  /** Never scaled below this. */
  readonly least: number;
  /** Seconds that the graph shows. */
  readonly spanSeconds: number;
  text(value: number): string;
  /** Marks along the side; default: `text`. */
  axisText?(value: number): string;
}

const height = 168;
const axisWidth = 58;

/** A graph over time with a legend of its own, that people and screen readers can read. */
export class Graph {
  readonly element: HTMLElement;
  readonly #options: GraphOptions;
  readonly #box: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #total: HTMLElement;
  readonly #resize: ResizeObserver;
  #plot: uPlot | undefined;
  #built = "";
  #times: readonly number[] = [];
  #series: readonly GraphSeries[] = [];
  #pointed: number | undefined;

  constructor(options: GraphOptions) {
    this.#options = options;
    this.#box = h("div", { class: "plot", role: "img" });
    this.#legend = h("ul", { class: "legend", "data-testid": `legend-${options.id}` });
    this.#total = h("span", { class: "graph-total", "data-testid": `total-${options.id}` });
    const title = h("h3", {}, options.title);
    this.element = h(
      "figure",
      { class: "graph panel", "data-testid": `graph-${options.id}` },
      h("figcaption", {}, title, this.#total),
      this.#box,
      this.#legend,
    );
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(this.#box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#built = "";
      this.#draw();
    });
  }

  /** `times` in milliseconds since 1970. `total` is what stands beside the title. */
  show(times: readonly number[], series: readonly GraphSeries[], total: string): void {
    this.#times = times;
    this.#series = series;
    setText(this.#total, total);
    this.#draw();
  }

  /** May be called twice. */
  close(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #draw(): void {
    // Nobody sees it; it has no size.
    if (this.#box.clientWidth === 0) return;
    const shape = this.#series.map(({ colour, id, right }) => `${id}${colour}${right}`).join();
    if (shape !== this.#built || this.#plot === undefined) this.#build(shape);
    const data = [
      this.#times.map((ms) => ms / 1000),
      ...this.#series.map(({ values }) => values),
    ] as unknown as uPlot.AlignedData;
    this.#plot?.setData(data);
    this.#describe();
  }

  #build(shape: string): void {
    this.#plot?.destroy();
    this.#built = shape;
    const style = getComputedStyle(this.element);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const { axisText, filled, least, spanSeconds, text } = this.#options;
    const mark = axisText ?? text;
    const font = `11.5px ${colour("--sans")}`;
    const side = { font, stroke: colour("--ink-soft"), ticks: { show: false }, gap: 6 };
    const grid = { stroke: colour("--line"), width: 1 };
    const rise: uPlot.Range.Function = (_, __, most) => [0, Math.max(least, (most ?? 0) * 1.08)];
    const hasRight = this.#series.some(({ right }) => right);
    this.#plot = new uPlot(
      {
        width: this.#box.clientWidth,
        height,
        padding: [8, hasRight ? 0 : 6, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { time: true, range: (_, __, last) => [(last ?? 0) - spanSeconds, last ?? 0] },
          y: { range: rise },
          right: { range: rise },
        },
        axes: [
          {
            ...side,
            grid: { show: false },
            size: 26,
            space: 70,
            values: (_, seconds) => seconds.map(minuteText),
          },
          { ...side, grid, size: axisWidth, space: 34, values: (_, v) => v.map(mark) },
          ...(hasRight
            ? [{ ...side, scale: "right", side: 1, size: axisWidth, grid: { show: false } }]
            : []
          ).map((axis) => ({
            ...axis,
            values: (_: uPlot, v: number[]) => v.map((ms) => `${Math.round(ms)} ms`),
          })),
        ],
        series: [
          {},
          ...this.#series.map(({ colour: name, label, right }): uPlot.Series => {
            const stroke = colour(name);
            return {
              ...{ label, stroke, width: filled ? 1 : 1.75, points: { show: false } },
              ...(filled && { fill: stroke }),
              ...(right && { scale: "right", dash: [4, 3] }),
            };
          }),
        ],
        hooks: {
          setCursor: [
            ({ cursor: { idx } }) => {
              this.#pointed = idx ?? undefined;
              this.#describe();
            },
          ],
        },
      },
      [[], ...this.#series.map(() => [])] as unknown as uPlot.AlignedData,
      this.#box,
    );
  }

  /** The legend tells the newest values, or those under the pointer. */
  #describe(): void {
    const last = this.#times.length - 1;
    const at = Math.min(this.#pointed ?? last, last);
    while (this.#legend.children.length > this.#series.length) this.#legend.lastChild?.remove();
    this.#series.forEach(({ colour, id, label, right, told, values }, place) => {
      const item = this.#legend.children[place] ?? this.#legend.appendChild(legendItem());
      const [sign, name, value] = [...item.children];
      if (sign === undefined || name === undefined || value === undefined) return;
      item.setAttribute("data-testid", `series-${id}`);
      (sign as HTMLElement).style.setProperty("background", `var(${colour})`);
      setText(name, label);
      const number = (told ?? values)[at];
      const words = right ? `${(number ?? 0).toFixed(1)} ms` : this.#options.text(number ?? 0);
      setText(value, number === undefined ? "–" : words);
    });
    const minutes = Math.round(this.#options.spanSeconds / 60);
    const said = [...this.#legend.children].map((item) => item.textContent).join(", ");
    const label = `${this.#options.title}, the last ${minutes} minutes. ${said || "Nothing yet"}`;
    if (this.#pointed === undefined) this.#box.setAttribute("aria-label", label);
  }

  #fit(): void {
    const width = this.#box.clientWidth;
    if (width === 0) return;
    if (this.#plot === undefined) this.#draw();
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height });
  }
}

function legendItem(): HTMLElement {
  return h(
    "li",
    {},
    h("span", { class: "sign" }),
    h("span", { class: "legend-name" }),
    h("span", { class: "legend-value" }),
  );
}

function minuteText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
}
