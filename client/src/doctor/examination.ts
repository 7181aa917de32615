import type { MillracePlayer } from "../element.ts";
import { type Check, type CheckId, checkIds, found } from "./check.ts";
import { judgeAutoplay, judgeFormats } from "./judge-browser.ts";
import {
  type ClockExchange,
  judgeArrivals,
  judgeClock,
  judgePageAddress,
  judgePolling,
  judgeSecurity,
  judgeServer,
  judgeWebSocket,
} from "./judge-connection.ts";
import { judgePaths } from "./judge-paths.ts";
import { judgeStream } from "./judge-stream.ts";
import { parseFacts, type ServerFacts } from "./server-facts.ts";
import { decodedFormats, tryMutedPlay, trySoundingPlay } from "./try-browser.ts";
import { tryBytes, tryEvents, tryPolling, tryWebSocket } from "./try-connection.ts";
import { type PathPlace, tryPath } from "./try-paths.ts";
import { tryStream } from "./try-stream.ts";

const factsMs = 8000;
/** Questions to the clock; the quickest counts. */
const clockQuestions = 3;

export interface ExaminationOptions extends PathPlace {
  /** Plays the stream; needed with `stream` only. */
  readonly player: MillracePlayer;
  /** Told as each look ends, in whatever order. */
  readonly tell: (check: Check) => void;
  readonly signal: AbortSignal;
}

/** Looks at everything once, most of it at the same time. Gives all checks in their order; rejects only for bugs. */
export async function examine(options: ExaminationOptions): Promise<readonly Check[]> {
  const checks = new Map<CheckId, Check>();
  const tell = (check: Check): void => {
    checks.set(check.id, check);
    if (!options.signal.aborted) options.tell(check);
  };
  const tellAll = (several: readonly Check[]): void => several.forEach(tell);

  tell(judgeSecurity(globalThis.isSecureContext));
  tellAll(judgeFormats(decodedFormats()));
  const playing = (async () =>
    tellAll(judgeAutoplay(await tryMutedPlay(), await trySoundingPlay())))();
  const facts = await askFacts(options, tell);
  if (facts !== undefined) {
    await Promise.all([
      ...connectionLooks(options, facts, tell),
      pathLooks(options, facts).then(tellAll),
    ]);
    // Alone, so that it has the whole link.
    if (options.stream !== undefined) tell(await lookAtStream(options, options.stream));
  }
  await playing;
  const wanted = checkIds.filter((id) => id !== "stream" || options.stream !== undefined);
  for (const id of wanted) if (!checks.has(id)) tell(found("skipped", id, notReached));
  return wanted.flatMap((id) => checks.get(id) ?? []);
}

/** Asks what the server knows, several times for its clock. Undefined when it does not answer as it should. */
async function askFacts(
  { base, stream, token }: ExaminationOptions,
  tell: (check: Check) => void,
): Promise<ServerFacts | undefined> {
  const query = stream === undefined ? "" : `?stream=${encodeURIComponent(stream)}`;
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const exchanges: ClockExchange[] = [];
  const startedMs = performance.now();
  let facts: ServerFacts | undefined;
  let status: number | undefined;
  for (let asked = 0; asked < clockQuestions; asked++) {
    const sentMs = Date.now();
    try {
      const signal = AbortSignal.timeout(factsMs);
      const response = await fetch(`${base}doctor/facts${query}`, { headers, signal });
      const receivedMs = Date.now();
      status = response.status;
      const told = parseFacts(await response.json().catch(() => undefined));
      if (status !== 200 || told === undefined) break;
      facts = told;
      exchanges.push({ sentMs, receivedMs, serverMs: told.wallMs });
    } catch {
      break;
    }
    if (asked === 0) tell(judgeServer(200, performance.now() - startedMs, location.hostname));
  }
  if (facts === undefined) {
    tell(
      judgeServer(status === 200 ? 0 : status, performance.now() - startedMs, location.hostname),
    );
    return undefined;
  }
  tell(judgeClock(exchanges));
  tell(judgePageAddress(base, facts));
  return facts;
}

function connectionLooks(
  { base }: ExaminationOptions,
  { beats }: ServerFacts,
  tell: (check: Check) => void,
): readonly Promise<void>[] {
  const spanMs = beats.count * beats.everyMs;
  return [
    tryWebSocket(base).then((outcome) => tell(judgeWebSocket(outcome))),
    tryPolling(base).then((outcome) => tell(judgePolling(outcome))),
    tryEvents(base, spanMs).then((seen) => tell(judgeArrivals("events", seen, beats))),
    tryBytes(base, spanMs).then((seen) => tell(judgeArrivals("proxy-buffering", seen, beats))),
  ];
}

async function pathLooks(
  options: ExaminationOptions,
  facts: ServerFacts,
): Promise<readonly Check[]> {
  const { iceServers } = facts;
  const [udp, tcp, relay] = await Promise.all([
    tryPath("udp", options, iceServers),
    tryPath("tcp", options, iceServers),
    tryPath("relay", options, iceServers),
  ]);
  return judgePaths({ udp, tcp, relay }, { facts, hostname: location.hostname });
}

async function lookAtStream(options: ExaminationOptions, stream: string): Promise<Check> {
  const outcome = await tryStream(options.player, { ...options, stream }, options.signal);
  return judgeStream(stream, outcome);
}

const notReached = {
  code: "DOCTOR_NOT_EXAMINED",
  message: "Not examined, for the server did not answer.",
};
