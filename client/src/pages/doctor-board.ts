import type { Check, CheckId, CheckStatus } from "../doctor/check.ts";
import { h, setText } from "../ui/dom.ts";
import { outline, setOutline } from "../ui/icons.ts";

/** What is shown of each check, in groups. */
const groups: readonly { readonly title: string; readonly rows: readonly [CheckId, string][] }[] = [
  {
    title: "Media",
    rows: [
      ["webrtc-udp", "WebRTC by UDP"],
      ["webrtc-tcp", "WebRTC by TCP"],
      ["turn", "TURN relay"],
      ["announced-addresses", "Media addresses"],
    ],
  },
  {
    title: "Way to the server",
    rows: [
      ["http", "Server"],
      ["signaling-websocket", "WebSocket"],
      ["signaling-polling", "Long-polling"],
      ["events", "Server-sent events"],
      ["proxy-buffering", "Endless answers"],
      ["tls", "Secure page"],
      ["page-address", "Page address"],
      ["server-clock", "Clock"],
    ],
  },
  {
    title: "This browser",
    rows: [
      ["codecs-webrtc", "Codecs by WebRTC"],
      ["mse", "Media Source"],
      ["codecs-mse", "Codecs without WebRTC"],
      ["autoplay", "Autoplay"],
      ["sound", "Autoplay with sound"],
    ],
  },
  { title: "Stream", rows: [["stream", "Playing it"]] },
];

const marks: Readonly<Record<CheckStatus | "busy", { path: string; word: string }>> = {
  ok: { path: "M5 12.5l4.5 4.5L19 7.5", word: "Well" },
  warn: { path: "M12 4v9.5M12 18.5v.6", word: "Warning" },
  fail: { path: "M6 6l12 12M18 6L6 18", word: "Fault" },
  skipped: { path: "M6 12h12", word: "Not examined" },
  busy: { path: "M5.5 12h.1M12 12h.1M18.4 12h.1", word: "Being examined" },
};

/** One line of the board. */
class Row {
  readonly element: HTMLElement;
  readonly #mark = outline(marks.busy.path);
  readonly #word: HTMLElement = h("span", { class: "unseen" }, marks.busy.word);
  readonly #message: HTMLElement = h("p", { class: "row-message" });
  readonly #fix: HTMLElement = h("p", { class: "row-fix" });
  readonly #code: HTMLElement = h("code", { class: "row-code" });
  readonly #took: HTMLElement = h("span", { class: "row-took" });

  constructor(id: CheckId, title: string) {
    this.element = h(
      "li",
      { class: "row", "data-testid": `check-${id}`, "data-status": "busy" },
      h("span", { class: "row-mark" }, this.#mark, this.#word),
      h(
        "div",
        { class: "row-words" },
        h("p", { class: "row-title" }, title, this.#took),
        this.#message,
        this.#fix,
        this.#code,
      ),
    );
  }

  show(check: Check | undefined): void {
    const status = check?.status ?? "busy";
    this.element.dataset["status"] = status;
    this.element.dataset["code"] = check?.code ?? "";
    setOutline(this.#mark, marks[status].path);
    setText(this.#word, marks[status].word);
    setText(this.#message, check?.message ?? "");
    setText(this.#fix, check?.fix ?? "");
    setText(this.#code, check === undefined || check.code === "OK" ? "" : check.code);
    setText(this.#took, check?.tookMs ? `${check.tookMs} ms` : "");
  }
}

/** Everything that is examined, line by line. */
export class DoctorBoard {
  readonly #rows = new Map<CheckId, Row>();
  readonly #stream: HTMLElement;

  /** `player` shows the stream, below its line. */
  constructor(parent: HTMLElement, player: HTMLElement) {
    let last = parent;
    for (const { title, rows } of groups) {
      const list = h("ul", { class: "rows" });
      for (const [id, name] of rows) {
        const row = new Row(id, name);
        this.#rows.set(id, row);
        list.append(row.element);
      }
      last = h("section", { class: "group", "aria-label": title }, h("h2", {}, title), list);
      parent.append(last);
    }
    last.append(player);
    this.#stream = last;
  }

  /** All lines wait again; that of the stream is shown only with one. */
  clear(withStream: boolean): void {
    this.#stream.hidden = !withStream;
    for (const row of this.#rows.values()) row.show(undefined);
  }

  show(check: Check): void {
    this.#rows.get(check.id)?.show(check);
  }
}
