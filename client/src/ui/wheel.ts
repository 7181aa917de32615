import { s } from "./dom.ts";

/**
 * The mill wheel in its race: the mark of Millrace, and the sign that something is under way. `wheel` (turns)
 * and `water` (flows) are moved by the style sheet of whoever shows it. Decorative.
 */
export function millWheel(paddles = 8): SVGSVGElement {
  const arms = [];
  for (let arm = 0; arm < paddles; arm++) {
    const angle = `rotate(${(arm * 360) / paddles} 24 21)`;
    arms.push(
      s("path", { d: "M24 18.4V9.2", transform: angle }),
      s("path", { class: "paddle", d: "M24 9.2V3.9l4.1 1.1", transform: angle }),
    );
  }
  return s(
    "svg",
    { class: "mill", viewBox: "0 0 48 48", "aria-hidden": "true", focusable: "false" },
    s(
      "g",
      { class: "wheel" },
      s("circle", { cx: "24", cy: "21", r: "11.8" }),
      s("circle", { cx: "24", cy: "21", r: "2.6", class: "hub" }),
      ...arms,
    ),
    s("g", { class: "water" }, s("path", { d: "M-12 40q6-5 12 0t12 0 12 0 12 0 12 0 12 0 12 0" })),
  );
}
