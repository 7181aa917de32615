import type { MillracePlayer } from "../element.ts";
import { need } from "./decorate.ts";
import { EmbedMessages } from "./embed-messages.ts";
import { thisPlace } from "./place.ts";

const { base, stream, token } = thisPlace("embed/");
const player = need<MillracePlayer>("millrace-player");
const wishes = new URLSearchParams(location.search);

/** `?name=0` switches off what is on by itself, `?name` or `?name=1` switches on what is not. */
function wish(name: string, otherwise: boolean): boolean {
  const value = wishes.get(name);
  return value === null ? otherwise : value !== "0" && value !== "false";
}

document.title = stream ?? "Millrace";
player.setAttribute("base", base);
if (stream !== undefined) player.setAttribute("src", stream);
if (token !== undefined) player.setAttribute("token", token);
player.toggleAttribute("controls", wish("controls", true));
player.toggleAttribute("muted", wish("muted", false));
player.toggleAttribute("background", wish("background", false));
player.toggleAttribute("autoplay", wish("autoplay", true));

if (window.parent !== window) {
  const { parent } = window;
  const messages = new EmbedMessages({ player, parent, origins: wishes.getAll("origin") });
  window.addEventListener("message", (message) => void messages.receive(message));
}

document.addEventListener("keydown", (event) => {
  const free = event.target === document.body && !event.defaultPrevented;
  if (free && player.handleKey(event)) event.preventDefault();
});
