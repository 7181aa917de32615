import type { DeviceChoice } from "../publisher/capture/devices.ts";
import type { PictureSource, PublishSettings } from "../publisher/settings.ts";
import { h } from "../ui/dom.ts";
import { deviceOptions, noDevice } from "./device-options.ts";
import { ChoiceField, SelectField, SwitchField } from "./fields.ts";

/** What the person chooses to show and to be heard by. */
export interface SourceActions {
  choosePicture(picture: PictureSource): void;
  chooseCamera(id: string): void;
  /** Undefined: none. */
  chooseMicrophone(id: string | undefined): void;
  change(changes: Partial<PublishSettings>): void;
}

export interface SourcesPicture {
  readonly settings: PublishSettings;
  readonly cameras: readonly DeviceChoice[];
  readonly microphones: readonly DeviceChoice[];
  /** Ids of the devices that are open. */
  readonly camera: string | undefined;
  readonly microphone: string | undefined;
  readonly sharesScreens: boolean;
  /** The page can capture something. */
  readonly possible: boolean;
}

/** Where picture and sound come from. */
export class SourcesPanel {
  readonly elements: readonly HTMLElement[];
  readonly #picture: ChoiceField<PictureSource>;
  readonly #camera: SelectField<string>;
  readonly #screen: HTMLElement;
  readonly #content: ChoiceField<PublishSettings["screenContent"]>;
  readonly #screenSound: SwitchField;
  readonly #microphone: SelectField<string>;
  readonly #mode: ChoiceField<PublishSettings["soundMode"]>;

  constructor(actions: SourceActions) {
    this.#picture = new ChoiceField(
      "Show",
      "picture",
      [
        { value: "camera", label: "Camera" },
        { value: "screen", label: "Screen" },
        { value: "none", label: "Nothing" },
      ],
      (picture) => actions.choosePicture(picture),
    );
    this.#camera = new SelectField("Camera", "camera", (id) => actions.chooseCamera(id));
    this.#content = new ChoiceField(
      "The screen shows",
      "content",
      [
        { value: "detail", label: "Text, slides" },
        { value: "motion", label: "Film, games" },
      ],
      (screenContent) => actions.change({ screenContent }),
    );
    this.#screenSound = new SwitchField(
      "With its sound",
      "Where the browser offers it, from the next choice on.",
      "screen-sound",
      (screenSound) => actions.change({ screenSound }),
    );
    const another = h(
      "button",
      { class: "button wide", type: "button", "data-testid": "another-screen" },
      "Choose another screen",
    );
    another.addEventListener("click", () => actions.choosePicture("screen"));
    this.#screen = h(
      "div",
      { class: "group" },
      another,
      this.#content.element,
      this.#screenSound.element,
    );
    this.#microphone = new SelectField("Microphone", "microphone", (id) =>
      actions.chooseMicrophone(id === noDevice ? undefined : id),
    );
    this.#mode = new ChoiceField(
      "Made for",
      "sound-mode",
      [
        { value: "speech", label: "Speech" },
        { value: "music", label: "Music" },
      ],
      (soundMode) => actions.change({ soundMode }),
    );
    this.elements = [
      h(
        "section",
        { class: "panel", "aria-labelledby": "picture-title" },
        h("h2", { id: "picture-title" }, "Picture"),
        this.#picture.element,
        this.#camera.element,
        this.#screen,
      ),
      h(
        "section",
        { class: "panel", "aria-labelledby": "sound-title" },
        h("h2", { id: "sound-title" }, "Sound"),
        this.#microphone.element,
        this.#mode.element,
        h(
          "p",
          { class: "note" },
          "Music is stereo and sent as it sounds, without removing echo and noise: use headphones.",
        ),
      ),
    ];
  }

  show(picture: SourcesPicture): void {
    const { settings, possible } = picture;
    const hidden: PictureSource[] = picture.sharesScreens ? [] : ["screen"];
    this.#picture.show(settings.picture, possible ? hidden : ["camera", "screen", "none"]);
    const cameras = deviceOptions(picture.cameras, settings.camera, picture.camera);
    this.#camera.show(cameras.options, cameras.value, !possible);
    this.#camera.element.hidden = settings.picture !== "camera";
    this.#screen.hidden = settings.picture !== "screen";
    this.#content.show(settings.screenContent);
    this.#screenSound.show(settings.screenSound);
    const microphones = deviceOptions(picture.microphones, settings.microphone, picture.microphone);
    this.#microphone.show(
      [...microphones.options, { value: noDevice, label: "No microphone" }],
      settings.useMicrophone ? microphones.value : noDevice,
      !possible,
    );
    this.#mode.show(settings.soundMode, settings.useMicrophone ? [] : ["speech", "music"]);
  }
}
