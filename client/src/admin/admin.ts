import { showSnippets } from "../pages/copy-field.ts";
import { decorate, need } from "../pages/decorate.ts";
import { thisPlace } from "../pages/place.ts";
import { browserScheduler } from "../player/scheduler.ts";
import { setText } from "../ui/dom.ts";
import { Api } from "./api.ts";
import { Ask } from "./ask.ts";
import { EventLog } from "./event-log.ts";
import { showFindings } from "./finding-list.ts";
import { findingsOf } from "./findings.ts";
import { FrameRates } from "./frame-rates.ts";
import { HistoryWindow } from "./history-window.ts";
import { Overview } from "./overview.ts";
import { type Contact, Poll } from "./poll.ts";
import type { ApiProblem } from "./problem.ts";
import { parseRoute, type Route } from "./route.ts";
import type { ServerFacts } from "./server-facts.ts";
import { SignIn } from "./sign-in.ts";
import type { StreamEntry } from "./stream-entry.ts";
import { StreamView } from "./stream-view.ts";
import { StreamsView } from "./streams-view.ts";
import { plural } from "./text.ts";

const everyMs = 2000;
const timeoutMs = 10_000;
/** The whole list is only for findings there: it may be a little older than the figures. */
const overviewListMs = 6000;

const { base } = thisPlace();
const api = new Api(base);
const past = new HistoryWindow();
const rates = new FrameRates();
const figures = new Map<string, StreamEntry>();
let server: ServerFacts | undefined;
let streams: readonly StreamEntry[] = [];
let streamsMs = Number.NEGATIVE_INFINITY;
let route: Route = { view: "overview" };
let stream: StreamView | undefined;

decorate();
const overview = new Overview();
const list = new StreamsView(base, () => {
  showStreams();
  poll.now();
});
const signIn = new SignIn();
const events = new EventLog(api, browserScheduler);
const poll = new Poll({ ...{ scheduler: browserScheduler, everyMs, timeoutMs }, ask, onContact });
const dialog = new Ask(() => poll.now());
const findingList = need<HTMLElement>('[data-testid="findings"]');
const findingCount = need<HTMLElement>('[data-testid="doctor-count"]');
const contactPill = need<HTMLElement>('[data-testid="contact"]');
const lost = need<HTMLElement>('[data-testid="lost"]');
const tabs = need<HTMLElement>('[data-testid="tabs"]');
const title = need<HTMLElement>('[data-testid="title"]');

/** Everything that the present view shows. */
async function ask(signal: AbortSignal): Promise<void> {
  const asked = route;
  const started = server?.startedMs;
  await Promise.all([
    api.history(past, signal),
    api.server(signal).then((facts) => {
      server = facts;
    }),
  ]);
  // What was sampled before a restart is another server's.
  if (started !== undefined && server?.startedMs !== started) past.clear();
  if (asked.view === "stream") await askStream(asked.stream, signal);
  else if (asked.view !== "events") await askStreams(asked.view, signal);
  if (!signal.aborted && asked === route) showFigures();
}

async function askStreams(view: Route["view"], signal: AbortSignal): Promise<void> {
  const nowMs = browserScheduler.nowMs();
  if (view === "streams" || nowMs - streamsMs >= overviewListMs) {
    streams = await api.streams(signal);
    streamsMs = nowMs;
  }
  if (view !== "streams" || signal.aborted) return;
  showStreams();
  takeFigures(await api.figures(list.shown, signal));
}

async function askStream(name: string, signal: AbortSignal): Promise<void> {
  const [found, viewers] = await Promise.all([
    api.figures([name], signal),
    api.viewers(name, signal),
  ]);
  if (signal.aborted) return;
  takeFigures(found);
  const [entry] = found;
  const rate = entry === undefined ? undefined : rates.of(entry);
  if (stream?.stream === name) stream.show(entry, viewers, server, rate, wallMs());
}

function takeFigures(found: readonly StreamEntry[]): void {
  figures.clear();
  for (const entry of found) figures.set(entry.name, entry);
  rates.take(found, browserScheduler.nowMs());
}

/** The server's clock, so that times since then are right on a machine whose own clock is not. */
function wallMs(): number {
  return past.now?.timeMs ?? Date.now();
}

function showFigures(): void {
  const nowMs = wallMs();
  if (route.view === "streams") showStreams();
  const place = new URL(base);
  const findings = findingsOf({ ...{ server, history: past, streams, place, nowMs } });
  if (route.view === "overview") overview.show(server, past, findings, nowMs);
  if (route.view === "doctor") {
    setText(findingCount, findings.length === 0 ? "" : plural(findings.length, "finding"));
    showFindings(findingList, findings, "Everything is well.");
  }
}

function showStreams(): void {
  list.show(streams, figures, rates, wallMs());
}

function onContact(contact: Contact, problem: ApiProblem | undefined): void {
  const words: Readonly<Record<Contact, string>> = {
    ...{ waiting: "Connecting", ok: "Connected", lost: "No contact", refused: "Signed out" },
  };
  setText(contactPill, words[contact]);
  contactPill.dataset["state"] =
    contact === "ok" ? "ok" : contact === "lost" ? "error" : "connecting";
  lost.hidden = contact !== "lost";
  const why = problem === undefined ? "" : ` ${problem.message} (${problem.code})`;
  setText(lost, contact === "lost" ? `Lost contact with the server. Trying again.${why}` : "");
  document.body.dataset["contact"] = contact;
  tabs.hidden = contact === "refused";
  if (contact === "refused") signIn.open(problem);
  else signIn.close();
  events.setListening(contact === "ok" && document.visibilityState === "visible");
  showPanel();
}

function showPanel(): void {
  const shown = poll.contact === "refused" || poll.contact === "waiting" ? undefined : route.view;
  for (const panel of document.querySelectorAll<HTMLElement>("[data-panel]")) {
    panel.hidden = panel.dataset["panel"] !== shown;
  }
  const current = route.view === "stream" ? "streams" : route.view;
  for (const tab of tabs.querySelectorAll<HTMLElement>("[data-view]")) {
    if (tab.dataset["view"] === current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  const names: Readonly<Record<Route["view"], string>> = {
    ...{ overview: "Overview", streams: "Streams", events: "Events", doctor: "Doctor" },
    stream: route.view === "stream" ? route.stream : "",
  };
  setText(title, names[route.view]);
  document.title = `${names[route.view]} · Millrace`;
}

function takeRoute(moveFocus: boolean): void {
  route = parseRoute(location.hash);
  if (route.view !== "stream" || stream?.stream !== route.stream) {
    stream?.close();
    stream = route.view === "stream" ? new StreamView(route.stream, base, api, dialog) : undefined;
  }
  takeVisibility();
  showPanel();
  if (moveFocus) {
    need<HTMLElement>("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  poll.now();
}

function takeVisibility(): void {
  const visible = document.visibilityState === "visible";
  list.setVisible(visible && route.view === "streams");
  stream?.setVisible(visible);
  poll.setVisible(visible);
  events.setListening(visible && poll.contact === "ok");
}

addEventListener("hashchange", () => takeRoute(true));
document.addEventListener("visibilitychange", takeVisibility);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (route.view !== "streams") return;
  event.preventDefault();
  list.focusSearch();
});
showSnippets("doctor", [
  { id: "doctor-here", label: "On the server", text: "millrace doctor", long: false },
  {
    ...{ id: "doctor-there", label: "From elsewhere", long: false },
    text: `millrace doctor --url ${base}`,
  },
]);
takeRoute(false);
