/** `skipped`: not looked at, and why. */
export type CheckStatus = "ok" | "warn" | "fail" | "skipped";

/** What one look found. */
export interface Check {
  /** What was looked at, such as `rtmp-port`; the same in every report. */
  readonly id: string;
  readonly status: CheckStatus;
  /** `OK`, or a stable code, one for each fault and each reason to skip. */
  readonly code: string;
  /** One sentence: what is so. */
  readonly message: string;
  /** One sentence: what to do; empty when nothing is to be done. */
  readonly fix: string;
}

export interface DoctorReport {
  /** Of the program that looked. */
  readonly version: string;
  readonly checks: readonly Check[];
}

export function ok(id: string, message: string): Check {
  return { id, status: "ok", code: "OK", message, fix: "" };
}

export function skipped(id: string, code: string, message: string, fix = ""): Check {
  return { id, status: "skipped", code, message, fix };
}

export function warn(id: string, code: string, message: string, fix: string): Check {
  return { id, status: "warn", code, message, fix };
}

export function fail(id: string, code: string, message: string, fix: string): Check {
  return { id, status: "fail", code, message, fix };
}

const marks: Readonly<Record<CheckStatus, string>> = {
  ok: "ok  ",
  warn: "WARN",
  fail: "FAIL",
  skipped: "-   ",
};

/** The report for a person, each fault with its code and what to do; `write` is given whole lines. */
export function writeReport(report: DoctorReport, write: (text: string) => void): void {
  const width = Math.max(0, ...report.checks.map(({ id }) => id.length));
  write(`Millrace ${report.version}\n\n`);
  for (const { id, status, code, message, fix } of report.checks) {
    const suffix = status === "warn" || status === "fail" ? ` (${code})` : "";
    write(`  ${marks[status]}  ${id.padEnd(width)}  ${message}${suffix}\n`);
    if (fix !== "") write(`        ${" ".repeat(width)}  -> ${fix}\n`);
  }
  const count = (status: CheckStatus): number =>
    report.checks.filter((check) => check.status === status).length;
  const [faults, warnings] = [count("fail"), count("warn")];
  write(`\n${summary(faults, warnings)}\n`);
}

/** 1 when something fails, else 0. */
export function exitCodeOf(report: DoctorReport): 0 | 1 {
  return report.checks.some(({ status }) => status === "fail") ? 1 : 0;
}

function summary(faults: number, warnings: number): string {
  if (faults + warnings === 0) return "Everything is well.";
  const parts = [
    ...(faults > 0 ? [`${faults} ${faults === 1 ? "fault" : "faults"}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? "warning" : "warnings"}`] : []),
  ];
  return `${parts.join(", ")}.`;
}
