import { s } from "./dom.ts";

/** Outlines on a 24 by 24 grid, drawn with round strokes of 2; those listed in `solid` are filled. */
const paths = {
  play: "M8 5.2v13.6a.8.8 0 0 0 1.2.7l10.8-6.8a.8.8 0 0 0 0-1.4L9.2 4.5a.8.8 0 0 0-1.2.7z",
  pause: "M7 5h3v14H7zM14 5h3v14h-3z",
  sound: "M4 10v4h3.5L12 18V6L7.5 10zM15.5 9.2a4 4 0 0 1 0 5.6M18.2 6.5a7.8 7.8 0 0 1 0 11",
  muted: "M4 10v4h3.5L12 18V6L7.5 10zM16 9.5l5 5M21 9.5l-5 5",
  fullscreen:
    "M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4",
  shrink:
    "M9 4v4a1 1 0 0 1-1 1H4M20 9h-4a1 1 0 0 1-1-1V4M15 20v-4a1 1 0 0 1 1-1h4M4 15h4a1 1 0 0 1 1 1v4",
  pip: "M3 6a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM12.5 12h6v4.5h-6z",
  layers: "M12 4l8.5 4.5L12 13 3.5 8.5zM4.5 12.5l7.5 4 7.5-4M4.5 16l7.5 4 7.5-4",
  stats: "M5 20v-6M10 20V5M15 20v-9M20 20v-4",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4h-4",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v11H9zM15 9V5a1 1 0 0 0-1-1H6a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  arrow: "M5 12h14M13 6l6 6-6 6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
} as const;

export type IconName = keyof typeof paths;

const solid: ReadonlySet<IconName> = new Set<IconName>(["play", "pause"]);

/** A decorative icon in the colour of the text around it. */
export function icon(name: IconName): SVGSVGElement {
  return outline(paths[name], solid.has(name));
}

/** Changes which icon an `icon` shows. */
export function setIcon(element: SVGSVGElement, name: IconName): void {
  setOutline(element, paths[name], solid.has(name));
}

/** An icon from a path on the same grid, for icons that only some pages need. */
export function outline(path: string, filled = false): SVGSVGElement {
  return s(
    "svg",
    {
      class: filled ? "icon solid" : "icon",
      viewBox: "0 0 24 24",
      "aria-hidden": "true",
      focusable: "false",
    },
    s("path", { d: path }),
  );
}

/** Changes what an `outline` shows. */
export function setOutline(element: SVGSVGElement, path: string, filled = false): void {
  element.firstElementChild?.setAttribute("d", path);
  element.classList.toggle("solid", filled);
}
