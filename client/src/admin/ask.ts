import { need } from "../pages/decorate.ts";
import { setText } from "../ui/dom.ts";
import { ApiProblem } from "./problem.ts";

/** Something that cannot be taken back. */
export interface Question {
  readonly title: string;
  readonly detail: string;
  /** What the button that does it says. */
  readonly yes: string;
  /** Does it, and resolves with what to say then. Rejections are shown, and it can be tried again. */
  act(): Promise<string>;
}

const toastMs = 5000;

/** Asks before something is done; Escape and Cancel do nothing, and the focus goes back to where it was. */
export class Ask {
  readonly #dialog = need<HTMLDialogElement>('[data-testid="ask"]');
  readonly #title = need<HTMLElement>("#ask-title");
  readonly #detail = need<HTMLElement>('[data-ask="detail"]');
  readonly #error = need<HTMLElement>('[data-ask="error"]');
  readonly #yes = need<HTMLButtonElement>('[data-testid="ask-yes"]');
  readonly #cancel = need<HTMLButtonElement>('[data-testid="ask-cancel"]');
  readonly #toast = need<HTMLElement>('[data-testid="toast"]');
  readonly #onDone: () => void;
  #question: Question | undefined;
  #toastTimer: ReturnType<typeof setTimeout> | undefined;

  /** `onDone` is called after something was done. */
  constructor(onDone: () => void) {
    this.#onDone = onDone;
    this.#yes.addEventListener("click", () => void this.#do());
    this.#dialog.addEventListener("close", () => {
      this.#question = undefined;
    });
  }

  open(question: Question): void {
    this.#question = question;
    setText(this.#title, question.title);
    setText(this.#detail, question.detail);
    setText(this.#yes, question.yes);
    setText(this.#error, "");
    this.#yes.disabled = false;
    this.#dialog.showModal();
    this.#cancel.focus();
  }

  /** Says something in passing. */
  say(words: string): void {
    setText(this.#toast, words);
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => setText(this.#toast, ""), toastMs);
  }

  async #do(): Promise<void> {
    const question = this.#question;
    if (question === undefined) return;
    this.#yes.disabled = true;
    try {
      const words = await question.act();
      if (this.#question === question) this.#dialog.close();
      this.say(words);
      this.#onDone();
    } catch (error) {
      if (this.#question !== question) return;
      const told = error instanceof ApiProblem;
      const words = told ? `${error.message} (${error.code})` : "The server does not answer.";
      setText(this.#error, words);
      this.#yes.disabled = false;
    }
  }
}
