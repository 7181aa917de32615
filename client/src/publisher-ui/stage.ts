import { h, setText } from "../ui/dom.ts";
import { outline } from "../ui/icons.ts";
import { raceLines } from "../ui/race.ts";
import { millWheel } from "../ui/wheel.ts";
import { publishIcons } from "./publish-icons.ts";
import type { Badge, StageAction, StageText } from "./publish-text.ts";

export interface StagePicture {
  readonly track: MediaStreamTrack | undefined;
  readonly mirrored: boolean;
  readonly text: StageText | undefined;
  readonly badge: Badge | undefined;
  /** Empty while it is not known. */
  readonly viewers: string;
  readonly muted: boolean;
}

/** The preview: what viewers will see, and over it what there is to say. */
export class Stage {
  readonly element: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly #badge: HTMLElement;
  readonly #badgeText: HTMLElement;
  readonly #viewers: HTMLElement;
  readonly #viewersText: HTMLElement;
  readonly #muted: HTMLElement;
  readonly #overlay: HTMLElement;
  readonly #title: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #actions: HTMLElement;
  readonly #code: HTMLElement;
  readonly #act: (action: StageAction) => void;
  #track: MediaStreamTrack | undefined;
  #buttons = "";

  /** `act` is called when the person presses a button over the preview. */
  constructor(act: (action: StageAction) => void) {
    this.#act = act;
    this.video = h("video", {
      part: "video",
      playsinline: true,
      autoplay: true,
      "aria-label": "Preview",
      "data-testid": "preview",
    });
    this.video.muted = true;
    this.#badgeText = h("span", { "data-testid": "badge" });
    this.#badge = h(
      "div",
      { class: "badge", part: "badge" },
      h("span", { class: "dot", "aria-hidden": "true" }),
      this.#badgeText,
    );
    this.#viewersText = h("span", { "data-testid": "viewers" });
    this.#viewers = h(
      "div",
      { class: "badge viewers" },
      outline(publishIcons.eye),
      this.#viewersText,
    );
    this.#muted = h(
      "div",
      { class: "badge muted", "data-testid": "muted-badge" },
      outline(publishIcons.microphoneOff),
      "Microphone is off",
    );
    this.#title = h("p", { class: "overlay-title", "data-testid": "overlay-title" });
    this.#detail = h("p", { class: "overlay-detail", "data-testid": "overlay-detail" });
    this.#actions = h("div", { class: "overlay-actions" });
    this.#code = h("code", { class: "overlay-code", "data-testid": "error-code" });
    this.#overlay = h(
      "div",
      { class: "overlay", part: "overlay", "data-testid": "overlay", hidden: true },
      raceLines(),
      h(
        "div",
        { class: "overlay-card" },
        millWheel(),
        this.#title,
        this.#detail,
        this.#actions,
        this.#code,
      ),
    );
    this.element = h(
      "div",
      { class: "stage", part: "stage" },
      this.video,
      this.#overlay,
      h("div", { class: "badges" }, this.#badge, this.#viewers),
      this.#muted,
    );
  }

  show(picture: StagePicture): void {
    this.#showTrack(picture.track);
    this.video.classList.toggle("mirrored", picture.mirrored);
    this.element.classList.toggle("plain", picture.track === undefined);
    this.#badge.hidden = picture.badge === undefined;
    this.#badge.dataset["badge"] = picture.badge?.kind ?? "";
    setText(this.#badgeText, picture.badge?.text ?? "");
    this.#viewers.hidden = picture.viewers === "";
    setText(this.#viewersText, picture.viewers);
    this.#muted.hidden = !picture.muted;
    this.#showText(picture.text);
  }

  /** Lets the track go; the elements stay. */
  close(): void {
    this.#showTrack(undefined);
  }

  #showTrack(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.#track = track;
    this.video.srcObject = track === undefined ? null : new MediaStream([track]);
  }

  #showText(text: StageText | undefined): void {
    this.#overlay.hidden = text === undefined;
    if (text === undefined) return;
    this.#overlay.classList.toggle("busy", text.busy);
    setText(this.#title, text.title);
    setText(this.#detail, text.detail);
    setText(this.#code, text.code);
    this.#detail.hidden = text.detail === "";
    this.#code.hidden = text.code === "";
    const buttons = JSON.stringify(text.actions);
    if (buttons === this.#buttons) return;
    this.#buttons = buttons;
    this.#actions.hidden = text.actions.length === 0;
    this.#actions.replaceChildren(
      ...text.actions.map(({ action, label }, index) => {
        const button = h(
          "button",
          {
            class: index === 0 ? "button strong" : "button",
            type: "button",
            "data-testid": `stage-${action}`,
          },
          label,
        );
        button.addEventListener("click", () => this.#act(action));
        return button;
      }),
    );
  }
}
