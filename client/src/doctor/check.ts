/** `skipped`: not examined, and why. The same words as in reports of `millrace doctor`. */
export type CheckStatus = "ok" | "warn" | "fail" | "skipped";

/** Everything that is examined, in the order in which it is shown. Where `millrace doctor` looks at the same, it has the same id. */
export const checkIds = [
  "webrtc-udp",
  "webrtc-tcp",
  "turn",
  "announced-addresses",
  "http",
  "signaling-websocket",
  "signaling-polling",
  "events",
  "proxy-buffering",
  "tls",
  "page-address",
  "server-clock",
  "codecs-webrtc",
  "mse",
  "codecs-mse",
  "autoplay",
  "sound",
  "stream",
] as const;

export type CheckId = (typeof checkIds)[number];

/** What stands in a report only; never a secret, never an address of the person who looks. */
export type Details = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What one look found. */
export interface Check {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** `OK`, or a stable code, one for each fault and each reason to skip. */
  readonly code: string;
  /** One sentence: what is so. */
  readonly message: string;
  /** One sentence: what to do; empty when nothing is to be done. */
  readonly fix: string;
  /** How long the look took. */
  readonly tookMs?: number;
  readonly details?: Details;
}

/** A fault or a reason to skip: its code, and what to do about it. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

export function ok(id: CheckId, message: string, details: Details = {}): Check {
  return { id, status: "ok", code: "OK", message, fix: "", details };
}

export function found(
  status: Exclude<CheckStatus, "ok">,
  id: CheckId,
  { code, message, fix = "" }: Finding,
  details: Details = {},
): Check {
  return { id, status, code, message, fix, details };
}

/** The same check with the time that it took, in whole milliseconds. */
export function timed(check: Check, tookMs: number): Check {
  return { ...check, tookMs: Math.round(tookMs) };
}

/** Whatever is to be done, each fix once, faults before warnings. */
export function thingsToDo(checks: readonly Check[]): readonly Check[] {
  const rank = (check: Check): number => (check.status === "fail" ? 0 : 1);
  const wrong = checks.filter(({ status }) => status === "fail" || status === "warn");
  const first = new Map<string, Check>();
  for (const check of wrong.sort((a, b) => rank(a) - rank(b))) {
    if (!first.has(check.code)) first.set(check.code, check);
  }
  return [...first.values()];
}

/** One line over all checks; a fault that shows at several places is one. */
export function summaryOf(checks: readonly Check[]): string {
  const things = thingsToDo(checks);
  const count = (status: CheckStatus): number =>
    things.filter((check) => check.status === status).length;
  const faults = counted(count("fail"), "fault", "faults");
  const warnings = counted(count("warn"), "warning", "warnings");
  const parts = [faults, warnings].filter((part) => part !== "");
  return parts.length === 0 ? "Everything is well." : `${parts.join(", ")}.`;
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? one : many}`;
}
