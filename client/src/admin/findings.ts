import { hintText } from "../pages/hint-text.ts";
import type { HistoryWindow } from "./history-window.ts";
import type { ServerFacts } from "./server-facts.ts";
import type { StreamEntry } from "./stream-entry.ts";

/** Something that an operator should know, with the one thing to do. */
export interface Finding {
  /** Stable; see `docs/errors.md`. */
  readonly code: string;
  readonly status: "fail" | "warn";
  readonly title: string;
  readonly fix: string;
  /** Streams that it is about; empty: the server. */
  readonly streams: readonly string[];
}

export interface Circumstances {
  readonly server: ServerFacts | undefined;
  readonly history: HistoryWindow;
  readonly streams: readonly StreamEntry[];
  /** Of this page. */
  readonly place: Pick<URL, "protocol" | "hostname">;
  readonly nowMs: number;
}

/** Samples that have to agree: one busy moment is nothing to do anything about. */
const samplesThatAgree = 5;
const lateMs = 30;
/** JavaScript runs on one core; this is the whole process, so that more than one is well while threads seal media. */
const busyShare = 0.9;
const certificateDays = 14;
const dayMs = 86_400_000;

/** What needs attention, the gravest first. */
export function findingsOf(circumstances: Circumstances): readonly Finding[] {
  const found = [...serverFindings(circumstances), ...streamFindings(circumstances.streams)];
  const rank = { fail: 0, warn: 1 } as const;
  return found.sort((a, b) => rank[a.status] - rank[b.status]);
}

function* serverFindings({ history, nowMs, place, server }: Circumstances): Generator<Finding> {
  const streams: readonly string[] = [];
  if (server?.ready === false) {
    yield {
      ...{ code: "ADMIN_NOT_READY", status: "fail", streams },
      title: "The server takes nobody new",
      fix: "It is starting or closing. If it stays so, look at its log.",
    };
  }
  const lags = history.column("lagMs").slice(-samplesThatAgree);
  if (lags.length === samplesThatAgree && Math.min(...lags) > lateMs) {
    yield {
      ...{ code: "ADMIN_LOOP_LATE", status: "warn", streams },
      title: `The server is ${Math.round(Math.min(...lags))} ms late with everything`,
      fix: "Give it a faster core, or move viewers to another server: /capacity says how many this one carries.",
    };
  }
  const cpu = history.column("cpu").slice(-samplesThatAgree);
  const busiest = history.cores * busyShare;
  if (cpu.length === samplesThatAgree && Math.min(...cpu) > busiest) {
    yield {
      ...{ code: "ADMIN_CPU_FULL", status: "warn", streams },
      title: "All cores are busy",
      fix: "Give the server more cores, or publish what needs no transcoding: H.264 without B-frames, with Opus.",
    };
  }
  if (server?.egress === "node") {
    yield {
      ...{ code: "ADMIN_EGRESS_SLOW", status: "warn", streams },
      title: "Media is sealed by the slowest tier",
      fix: "Install a C compiler and run `npm install` again, or set rtc.egress to wasm: each viewer then takes less CPU.",
    };
  }
  if (server?.transcoder === "none") {
    yield {
      ...{ code: "NO_TRANSCODER", status: "warn", streams },
      title: "AAC sound cannot be converted for WebRTC",
      fix: "Install ffmpeg, or the optional package node-av; until then publish Opus.",
    };
  }
  if (place.protocol === "http:" && !isThisMachine(place.hostname)) {
    yield {
      ...{ code: "ADMIN_NOT_HTTPS", status: "warn", streams },
      title: "This page came over HTTP",
      fix: "Open it over HTTPS: tokens can be read on the way, and browsers give no camera to pages over HTTP.",
    };
  }
  if (server?.acmeFailure !== undefined) {
    yield {
      ...{ code: "ADMIN_CERTIFICATE_NOT_ORDERED", status: "warn", streams },
      title: "No certificate can be ordered",
      fix: server.acmeFailure,
    };
  }
  const ends = (server?.certificates ?? []).map(({ endsMs }) => endsMs);
  const days = (Math.min(...ends) - nowMs) / dayMs;
  if (days < certificateDays) {
    yield {
      ...{ code: "ADMIN_CERTIFICATE_ENDS", status: days <= 0 ? "fail" : "warn", streams },
      title:
        days <= 0 ? "The certificate is over" : `The certificate ends in ${Math.ceil(days)} days`,
      fix: "Renew it and put it where https.cert says; it is read without a restart.",
    };
  }
}

/** One finding for all streams that have the same. */
function streamFindings(streams: readonly StreamEntry[]): readonly Finding[] {
  const dry = namesOf(streams, ({ health, state }) => state === "live" && health?.buffer === "DRY");
  const away = namesOf(streams, ({ state }) => state === "waiting");
  const found: Finding[] = [];
  if (dry.length > 0) {
    found.push({
      ...{ code: "ADMIN_STREAM_DRY", status: "fail", streams: dry },
      title: "Media comes slower than it is watched",
      fix: "Lower the encoder's bit rate (OBS: Output, Bitrate), or give its uplink more room.",
    });
  }
  if (away.length > 0) {
    found.push({
      ...{ code: "ADMIN_PUBLISHER_AWAY", status: "warn", streams: away },
      title: "The publisher is away",
      fix: "Look at the encoder; viewers wait, and go on when it returns within publisher.graceSeconds.",
    });
  }
  const hints = new Map<string, { readonly message: string; readonly streams: string[] }>();
  for (const { hints: given, name } of streams) {
    for (const { code, message } of given) {
      const hint = hints.get(code) ?? { message, streams: [] };
      hint.streams.push(name);
      hints.set(code, hint);
    }
  }
  for (const [code, { message, streams: names }] of hints) {
    const { title } = hintText({ code, message });
    found.push({ code, status: "warn", title, fix: message, streams: names });
  }
  return found;
}

function namesOf(
  streams: readonly StreamEntry[],
  matches: (stream: StreamEntry) => boolean,
): readonly string[] {
  return streams.filter(matches).map(({ name }) => name);
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
