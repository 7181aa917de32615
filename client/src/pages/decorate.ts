import { raceLines } from "../ui/race.ts";
import { millWheel } from "../ui/wheel.ts";

/** Draws the mark wherever the page has a place for it. */
export function decorate(): void {
  for (const place of document.querySelectorAll("[data-wheel]")) place.append(millWheel());
  for (const place of document.querySelectorAll("[data-big-wheel]")) place.append(millWheel(16));
  for (const place of document.querySelectorAll("[data-race]")) place.append(raceLines());
}

/** The one element that matches; a page without it is broken. */
export function need<Found extends Element>(selector: string): Found {
  const found = document.querySelector<Found>(selector);
  if (found === null) throw new Error(`The page has no ${selector}.`);
  return found;
}
