import { s } from "./dom.ts";

const waveWidth = 60;
const waves = 66;

/** Lines of running water along the bottom of whoever shows it: `race` fills its parent's lower edge. Decorative. */
export function raceLines(): SVGSVGElement {
  const lines = [10, 32, 54, 76].map((y, index) =>
    s("path", {
      d: waveLine(y, index % 2 === 0 ? 0 : -waveWidth / 2),
      class: `wave wave-${index}`,
    }),
  );
  return s(
    "svg",
    { class: "race", "aria-hidden": "true", focusable: "false", width: "100%", height: "88" },
    ...lines,
  );
}

function waveLine(y: number, fromX: number): string {
  return `M${fromX} ${y}q15-9 30 0t30 0${"t30 0t30 0".repeat(waves)}`;
}
