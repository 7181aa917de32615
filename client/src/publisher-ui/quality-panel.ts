import {
  bitrateLimits,
  boundBitrate,
  type CodecChoice,
  type FrameRate,
  frameRates,
  type PublishSettings,
  type Resolution,
  resolutions,
  type VideoCodec,
} from "../publisher/settings.ts";
import { h } from "../ui/dom.ts";
import { codecName } from "../ui/figures.ts";
import { ChoiceField, NumberField, SelectField, SwitchField } from "./fields.ts";

export interface QualityPicture {
  readonly settings: PublishSettings;
  readonly codecs: readonly VideoCodec[];
  /** What `bitrateKbps` undefined means now. */
  readonly suitableKbps: number;
  /** Sending: what belongs to a session from its start stays as it is. */
  readonly active: boolean;
}

/** How the picture is sent. */
export class QualityPanel {
  readonly element: HTMLElement;
  readonly #resolution: SelectField<string>;
  readonly #frameRate: SelectField<string>;
  readonly #bitrate: NumberField;
  readonly #codec: SelectField<CodecChoice>;
  readonly #simulcast: SwitchField;
  readonly #tight: ChoiceField<PublishSettings["whenTight"]>;
  readonly #locked: HTMLElement;

  /** `change` is told what the person chooses. */
  constructor(change: (changes: Partial<PublishSettings>) => void) {
    this.#resolution = new SelectField("Resolution", "resolution", (value) =>
      change({ resolution: Number(value) as Resolution }),
    );
    this.#frameRate = new SelectField("Frames a second", "frame-rate", (value) =>
      change({ frameRate: Number(value) as FrameRate }),
    );
    const { minKbps, maxKbps } = bitrateLimits;
    this.#bitrate = new NumberField(
      "Bit rate",
      "kbit/s",
      "bitrate",
      { min: minKbps, max: maxKbps, step: 100 },
      (kbps) => change({ bitrateKbps: kbps === undefined ? undefined : boundBitrate(kbps) }),
    );
    this.#codec = new SelectField("Codec", "codec", (codec) => change({ codec }));
    this.#tight = new ChoiceField(
      "When it gets tight, stay",
      "tight",
      [
        { value: "balanced", label: "Balanced" },
        { value: "sharp", label: "Sharp" },
        { value: "smooth", label: "Smooth" },
      ],
      (whenTight) => change({ whenTight }),
    );
    this.#simulcast = new SwitchField(
      "Several sizes at once",
      "Viewers with a slow line or a small window get a smaller picture. Takes more upload and computing.",
      "simulcast",
      (simulcast) => change({ simulcast }),
    );
    this.#locked = h(
      "p",
      { class: "note", "data-testid": "locked" },
      "Codec and sizes can be changed when you are not live.",
    );
    this.element = h(
      "section",
      { class: "panel quality", "aria-labelledby": "quality-title" },
      h("h2", { id: "quality-title" }, "Quality"),
      h(
        "div",
        { class: "four" },
        this.#resolution.element,
        this.#frameRate.element,
        this.#bitrate.element,
        this.#codec.element,
      ),
      h("div", { class: "two" }, this.#tight.element, this.#simulcast.element),
      this.#locked,
    );
  }

  show(picture: QualityPicture): void {
    const { settings, active } = picture;
    this.#resolution.show(
      resolutions.map((lines) => ({ value: String(lines), label: `${lines}p` })),
      String(settings.resolution),
    );
    this.#frameRate.show(
      frameRates.map((rate) => ({ value: String(rate), label: String(rate) })),
      String(settings.frameRate),
    );
    this.#bitrate.show(settings.bitrateKbps, `auto ${picture.suitableKbps}`);
    const codecs: readonly CodecChoice[] = ["auto", ...picture.codecs];
    this.#codec.show(
      codecs.map((codec) => ({
        value: codec,
        label: codec === "auto" ? "Automatic" : codecName(codec),
      })),
      codecs.includes(settings.codec) ? settings.codec : "auto",
      active,
    );
    this.#tight.show(settings.whenTight);
    this.#simulcast.show(settings.simulcast, active);
    this.#locked.hidden = !active;
  }
}
