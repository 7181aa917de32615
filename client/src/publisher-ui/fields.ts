import { h, setText } from "../ui/dom.ts";

/** One value that a field offers. */
export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

let lastId = 0;

/** Ids inside a shadow root only have to differ from each other. */
function nextId(): string {
  lastId += 1;
  return `field-${lastId}`;
}

/** A drop-down list under its label. */
export class SelectField<Value extends string> {
  readonly element: HTMLElement;
  readonly #select: HTMLSelectElement;
  readonly #note: HTMLElement;
  #shown = "";

  /** `chosen` is told what the person picks. */
  constructor(label: string, testId: string, chosen: (value: Value) => void) {
    const id = nextId();
    this.#select = h("select", { id, "data-testid": testId });
    this.#select.addEventListener("change", () => chosen(this.#select.value as Value));
    this.#note = h("p", { class: "note", id: `${id}-note`, hidden: true });
    this.element = h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      h("div", { class: "select" }, this.#select),
      this.#note,
    );
  }

  show(options: readonly Option<Value>[], value: Value, disabled = false, note = ""): void {
    const shown = JSON.stringify(options);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#select.replaceChildren(
        ...options.map((option) => h("option", { value: option.value }, option.label)),
      );
    }
    if (this.#select.value !== value) this.#select.value = value;
    this.#select.disabled = disabled;
    setText(this.#note, note);
    this.#note.hidden = note === "";
    if (note === "") this.#select.removeAttribute("aria-describedby");
    else this.#select.setAttribute("aria-describedby", this.#note.id);
  }
}

/** A few values side by side, of which one is chosen: radio buttons. */
export class ChoiceField<Value extends string> {
  readonly element: HTMLElement;
  readonly #inputs = new Map<Value, HTMLInputElement>();

  constructor(
    label: string,
    testId: string,
    options: readonly Option<Value>[],
    chosen: (value: Value) => void,
  ) {
    const name = nextId();
    const choices = options.map((option) => {
      const input = h("input", {
        type: "radio",
        name,
        value: option.value,
        "data-testid": `${testId}-${option.value}`,
      });
      input.addEventListener("change", () => chosen(option.value));
      this.#inputs.set(option.value, input);
      return h("label", { class: "choice" }, input, h("span", {}, option.label));
    });
    this.element = h(
      "fieldset",
      { class: "field choices", "data-testid": testId },
      h("legend", {}, label),
      h("div", { class: "choice-row" }, ...choices),
    );
  }

  show(value: Value, disabled: readonly Value[] = []): void {
    for (const [option, input] of this.#inputs) {
      input.checked = option === value;
      input.disabled = disabled.includes(option);
    }
  }
}

/** Something that is on or off, with a sentence of what that means. */
export class SwitchField {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;

  constructor(label: string, note: string, testId: string, chosen: (on: boolean) => void) {
    const id = nextId();
    this.#input = h("input", {
      id,
      type: "checkbox",
      role: "switch",
      "data-testid": testId,
      "aria-describedby": note === "" ? undefined : `${id}-note`,
    });
    this.#input.addEventListener("change", () => chosen(this.#input.checked));
    this.element = h(
      "div",
      { class: "field switch" },
      h("label", { for: id }, label),
      this.#input,
      note === "" ? undefined : h("p", { class: "note", id: `${id}-note` }, note),
    );
  }

  show(on: boolean, disabled = false): void {
    this.#input.checked = on;
    this.#input.disabled = disabled;
  }
}

/** A number that may be left empty, with its unit. */
export class NumberField {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;

  /** `chosen` is told the number that the person leaves; undefined when it is empty. */
  constructor(
    label: string,
    unit: string,
    testId: string,
    limits: { readonly min: number; readonly max: number; readonly step: number },
    chosen: (value: number | undefined) => void,
  ) {
    const id = nextId();
    this.#input = h("input", {
      id,
      type: "number",
      inputmode: "numeric",
      min: String(limits.min),
      max: String(limits.max),
      step: String(limits.step),
      "data-testid": testId,
      "aria-describedby": `${id}-unit`,
    });
    this.#input.addEventListener("change", () => {
      const value = this.#input.valueAsNumber;
      chosen(Number.isFinite(value) ? value : undefined);
    });
    this.element = h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      h(
        "div",
        { class: "number" },
        this.#input,
        h("span", { class: "unit", id: `${id}-unit` }, unit),
      ),
    );
  }

  /** `placeholder` stands there while the field is empty. */
  show(value: number | undefined, placeholder: string): void {
    const text = value === undefined ? "" : String(value);
    if (this.#input.value !== text) this.#input.value = text;
    this.#input.placeholder = placeholder;
  }
}
