import { type Check, checkIds, summaryOf, thingsToDo } from "../doctor/check.ts";
import { examine } from "../doctor/examination.ts";
import { type Ticket, ticketFileName, writeTicket } from "../doctor/ticket.ts";
import type { MillracePlayer } from "../element.ts";
import { h, setText } from "../ui/dom.ts";
import { decorate, need } from "./decorate.ts";
import { DoctorBoard } from "./doctor-board.ts";
import { copyText } from "./doctor-copy.ts";
import { doctorAddress, doctorTarget } from "./doctor-target.ts";
import { thisPlace } from "./place.ts";

const { base, token } = thisPlace();
const form = need<HTMLFormElement>('[data-testid="ask"]');
const name = need<HTMLInputElement>('[data-testid="stream-input"]');
const again = need<HTMLButtonElement>('[data-testid="again"]');
const verdict = need<HTMLElement>('[data-testid="verdict"]');
const summary = need<HTMLElement>('[data-testid="summary"]');
const progress = need<HTMLElement>('[data-testid="progress"]');
const todo = need<HTMLElement>('[data-testid="todo"]');
const todoList = need<HTMLElement>('[data-testid="todo-list"]');
const player = need<MillracePlayer>("millrace-player");
const report = need<HTMLTextAreaElement>('[data-testid="report"]');
const copy = need<HTMLButtonElement>('[data-testid="copy"]');
const download = need<HTMLButtonElement>('[data-testid="download"]');
const copyWords = copy.textContent ?? "";
/** How long the button says that it is done. */
const doneMs = 1600;

let running: AbortController | undefined;
let ticket: Ticket | undefined;

function showTodo(checks: readonly Check[]): void {
  const things = thingsToDo(checks);
  todo.hidden = things.length === 0;
  todoList.replaceChildren(
    ...things.map(({ status, code, message, fix }) =>
      h(
        "li",
        { class: "thing", "data-status": status, "data-testid": `todo-${code}` },
        h("p", { class: "thing-message" }, message),
        h("p", { class: "thing-fix" }, fix),
        h("code", { class: "row-code" }, code),
      ),
    ),
  );
}

function showTicket(now: Ticket | undefined): void {
  ticket = now;
  copy.disabled = now === undefined;
  download.disabled = now === undefined;
  report.value = now === undefined ? "" : JSON.stringify(now, null, 2);
}

function save(name: string, text: string): void {
  const link = h("a", { download: name });
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), doneMs);
}

function showVerdict(status: "busy" | "ok" | "warn" | "fail", words: string, more: string): void {
  verdict.dataset["status"] = status;
  setText(summary, words);
  setText(progress, more);
}

function showProgress(done: number, all: number): void {
  showVerdict("busy", "Examining", `${done} of ${all}`);
}

async function run(stream: string | undefined): Promise<void> {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const startedMs = Date.now();
  const from = performance.now();
  const all = stream === undefined ? checkIds.length - 1 : checkIds.length;
  let done = 0;
  board.clear(stream !== undefined);
  player.hidden = stream === undefined;
  showTodo([]);
  showTicket(undefined);
  showProgress(done, all);
  const tell = (check: Check): void => {
    board.show(check);
    showProgress(++done, all);
  };
  const checks = await examine({ base, stream, token, player, tell, signal });
  if (signal.aborted) return;
  player.hidden = true;
  const tookMs = performance.now() - from;
  const worst = (["fail", "warn"] as const).find((s) => checks.some(({ status }) => status === s));
  const skipped = checks.filter(({ status }) => status === "skipped").length;
  const left = skipped === 0 ? "" : `, ${skipped} not examined`;
  const fine = checks.filter(({ status }) => status === "ok").length;
  const more = `${fine} of ${checks.length} are well${left}, in ${(tookMs / 1000).toFixed(1)} s.`;
  showVerdict(worst ?? "ok", summaryOf(checks), more);
  showTodo(checks);
  showTicket(writeTicket(placeOf(startedMs, tookMs), checks));
}

function placeOf(startedMs: number, tookMs: number): Parameters<typeof writeTicket>[0] {
  const { connection } = navigator as { connection?: { effectiveType?: string } };
  return {
    address: location.href,
    userAgent: navigator.userAgent,
    languages: navigator.languages,
    startedMs,
    tookMs,
    online: navigator.onLine,
    network: connection?.effectiveType ?? "",
  };
}

function showAddress(stream: string | undefined): void {
  // Without the token, which is no part of an address that people pass on.
  history.replaceState(null, "", doctorAddress(base, stream, undefined));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const stream = doctorTarget(`?stream=${encodeURIComponent(name.value)}`);
  showAddress(stream);
  void run(stream);
});
copy.addEventListener("click", async () => {
  if (ticket === undefined) return;
  const copied = await copyText(report.value);
  setText(copy, copied ? "Copied" : "Copy it from below");
  if (!copied) need<HTMLDetailsElement>(".ticket details").open = true;
  setTimeout(() => setText(copy, copyWords), doneMs);
});

download.addEventListener("click", () => {
  if (ticket !== undefined) save(ticketFileName(ticket), report.value);
});

decorate();
const board = new DoctorBoard(need<HTMLElement>('[data-testid="groups"]'), player);
const first = doctorTarget(location.search);
name.value = first ?? "";
again.disabled = false;
showAddress(first);
await customElements.whenDefined("millrace-player");
await run(first);
