import { h, setText } from "../ui/dom.ts";
import { icon, setIcon } from "../ui/icons.ts";
import type { Snippet } from "./snippets.ts";

/** How long the button says that it is done. */
const doneMs = 1600;

/** A text with a button that copies it. */
export class CopyField {
  readonly element: HTMLElement;
  readonly #text: HTMLElement;

  constructor(snippet: Snippet) {
    const label = `copy-${snippet.id}`;
    this.#text = h(snippet.long ? "pre" : "code", {
      class: "copy-text",
      tabindex: snippet.long ? "0" : undefined,
      "data-testid": snippet.id,
    });
    const sign = icon("copy");
    const words = h("span", {}, "Copy");
    const button = h(
      "button",
      {
        type: "button",
        class: "copy-button",
        "aria-label": `Copy ${snippet.label.toLowerCase()}`,
        "data-testid": label,
      },
      sign,
      words,
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    button.addEventListener("click", async () => {
      const copied = await copyText(this.#text);
      setIcon(sign, copied ? "check" : "copy");
      setText(words, copied ? "Copied" : "Press Ctrl+C");
      clearTimeout(timer);
      timer = setTimeout(() => {
        setIcon(sign, "copy");
        setText(words, "Copy");
      }, doneMs);
    });
    this.element = h(
      "div",
      { class: snippet.long ? "copy long" : "copy" },
      h("span", { class: "copy-label" }, snippet.label),
      this.#text,
      button,
    );
    this.show(snippet);
  }

  show(snippet: Snippet): void {
    setText(this.#text, snippet.text);
  }
}

/** Puts the snippets into `[data-copies="place"]`; those that are there already get the new text. */
export function showSnippets(place: string, snippets: readonly Snippet[]): void {
  const parent = document.querySelector(`[data-copies="${place}"]`);
  if (parent === null) return;
  for (const snippet of snippets) {
    const present = fields.get(snippet.id);
    if (present !== undefined) present.show(snippet);
    else {
      const field = new CopyField(snippet);
      fields.set(snippet.id, field);
      parent.append(field.element);
    }
  }
}

const fields = new Map<string, CopyField>();

/** The clipboard is there on secure origins only; elsewhere the selection is copied as in old days. */
async function copyText(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent ?? "");
    return true;
  } catch {
    const selection = getSelection();
    selection?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}
