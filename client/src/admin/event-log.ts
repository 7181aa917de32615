import { SseReader } from "@millrace/media/text";
import { need } from "../pages/decorate.ts";
import type { Scheduler } from "../player/scheduler.ts";
import { h, setText } from "../ui/dom.ts";
import type { Api } from "./api.ts";
import { type EventEntry, parseEvent } from "./event-entry.ts";
import { ApiProblem } from "./problem.ts";
import { streamHash } from "./route.ts";
import { clockText } from "./text.ts";

/** Events that are kept. */
const maxEvents = 300;
const maxEventBytes = 65_536;
const retryMs = 3000;

/** What happens, as it happens, newest first. A server that tells no events has no such list. */
export class EventLog {
  readonly #api: Api;
  readonly #scheduler: Scheduler;
  readonly #list = need<HTMLElement>('[data-testid="events"]');
  readonly #state = need<HTMLElement>('[data-testid="events-state"]');
  readonly #tab = need<HTMLElement>('[data-testid="tab-events"]');
  #lastId = "";
  #listening: AbortController | undefined;
  #cancel: (() => void) | undefined;
  #isAbsent = false;

  constructor(api: Api, scheduler: Scheduler) {
    this.#api = api;
    this.#scheduler = scheduler;
  }

  /** Listens while the page is seen and the server lets it. */
  setListening(listening: boolean): void {
    if (listening === (this.#listening !== undefined || this.#cancel !== undefined)) return;
    if (listening) this.#listen();
    else {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#listening?.abort();
      this.#listening = undefined;
    }
  }

  #listen(): void {
    this.#cancel = undefined;
    if (this.#isAbsent) return;
    const listening = new AbortController();
    this.#listening = listening;
    void this.#read(listening.signal).then((again) => {
      if (this.#listening !== listening) return;
      this.#listening = undefined;
      if (again) this.#cancel = this.#scheduler.after(retryMs, () => this.#listen());
    });
  }

  /** Resolves when the answer ends. False: there is no use in asking again. */
  async #read(signal: AbortSignal): Promise<boolean> {
    try {
      const body = (await this.#api.events(this.#lastId, signal)).getReader();
      this.#tab.hidden = false;
      setText(this.#state, "As they happen, newest first");
      const reader = new SseReader(maxEventBytes);
      for (;;) {
        const { done, value } = await body.read();
        if (done) return true;
        for (const { data, id } of reader.receive(value)) {
          this.#lastId = id;
          const event = parseEvent(data, id, Date.now());
          if (event !== undefined) this.#add(event);
        }
        if (reader.lastEventId !== "") this.#lastId = reader.lastEventId;
      }
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        setText(this.#state, "Not connected");
        return true;
      }
      this.#isAbsent = error.status === 404;
      if (!this.#isAbsent) setText(this.#state, `${error.message} (${error.code})`);
      // Whoever signs in loads the page anew.
      return !this.#isAbsent && !error.needsSignIn;
    }
  }

  #add({ atMs, code, status, stream, words }: EventEntry): void {
    this.#list.prepend(
      h(
        "li",
        { class: "event", "data-status": status },
        h("time", { datetime: new Date(atMs).toISOString() }, clockText(atMs)),
        stream === undefined
          ? h("span", { class: "event-stream" })
          : h("a", { class: "event-stream", href: streamHash(stream) }, stream),
        h("span", { class: "event-words" }, words),
        code === undefined ? undefined : h("code", {}, code),
      ),
    );
    while (this.#list.children.length > maxEvents) this.#list.lastElementChild?.remove();
  }
}
