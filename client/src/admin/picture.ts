import { h } from "../ui/dom.ts";
import { millWheel } from "../ui/wheel.ts";

/** A server that takes longer has no picture now. Milliseconds. */
const timeoutMs = 8000;

/** Where a stream's picture stands: the newest one, or the mark while there is none. */
export class Picture {
  readonly element: HTMLElement;
  readonly #image: HTMLImageElement;
  #url: string | undefined;

  constructor(className: string) {
    this.#image = h("img", { alt: "", decoding: "async", hidden: true });
    this.element = h("div", { class: `picture ${className}` }, millWheel(), this.#image);
  }

  /** Fetches and shows the stream's picture. False: there is none now. */
  async load(address: string, signal: AbortSignal): Promise<boolean> {
    try {
      const response = await fetch(address, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        cache: "no-store",
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.#show(URL.createObjectURL(await response.blob()));
      return true;
    } catch {
      if (!signal.aborted) this.clear();
      return false;
    }
  }

  /** Shows the mark. */
  clear(): void {
    this.#image.hidden = true;
    this.#forget();
  }

  #show(url: string): void {
    this.#image.src = url;
    this.#image.hidden = false;
    this.#forget();
    this.#url = url;
  }

  #forget(): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
