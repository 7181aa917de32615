import { h } from "../ui/dom.ts";
import { outline } from "../ui/icons.ts";
import type { Notice, NoticeAction } from "./notice-list.ts";
import { publishIcons } from "./publish-icons.ts";

/** The list of notices; a live region, so that they are heard when they come. */
export class Notices {
  readonly element: HTMLElement;
  readonly #act: (action: NoticeAction) => void;
  #shown = "";

  /** `act` is called when the person presses a button of a notice. */
  constructor(act: (action: NoticeAction) => void) {
    this.#act = act;
    this.element = h("div", {
      class: "notices",
      role: "status",
      "aria-live": "polite",
      "data-testid": "notices",
    });
  }

  show(notices: readonly Notice[]): void {
    const shown = JSON.stringify(notices);
    if (shown === this.#shown) return;
    this.#shown = shown;
    // Those that stay keep their elements: only what is new is heard, and the focus is not lost.
    const before = new Map(
      [...this.element.children].map((child) => [child.getAttribute("data-text"), child]),
    );
    const now = notices.map((notice) => before.get(JSON.stringify(notice)) ?? this.#card(notice));
    for (const child of before.values()) if (!now.includes(child)) child.remove();
    now.forEach((child, index) => {
      const there = this.element.children[index];
      if (there !== child) this.element.insertBefore(child, there ?? null);
    });
  }

  #card(notice: Notice): HTMLElement {
    const actions = notice.actions.map(({ action, label }, index) => {
      const button = h(
        "button",
        {
          class: index === 0 ? "button strong" : "button",
          type: "button",
          "data-testid": `notice-${action}`,
        },
        label,
      );
      button.addEventListener("click", () => this.#act(action));
      return button;
    });
    return h(
      "div",
      {
        class: `notice ${notice.kind}`,
        "data-testid": `notice-${notice.code}`,
        "data-text": JSON.stringify(notice),
      },
      outline(publishIcons.warn),
      h(
        "div",
        { class: "notice-words" },
        h("p", { class: "notice-title" }, notice.title),
        h("p", { class: "notice-detail" }, notice.detail),
      ),
      actions.length === 0 ? undefined : h("div", { class: "notice-actions" }, ...actions),
    );
  }
}
