/**
 * What the benches measure, in two shapes: text for people, and lines of JSON that `figures.ts` gathers into one table.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname } from "node:path";
import type { FigureId } from "./figure-list.ts";

/** Where a figure comes from: this project, the limit of the machine, or another server in the same run. */
export type Role = "millrace" | "limit" | "peer";

/** One line of the file that `BENCH_JSON` names: one figure of one program. */
export interface Result {
  readonly figure: FigureId;
  readonly role: Role;
  /** What was measured, with its version where it is not this project. */
  readonly who: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly machine: string;
  /** Load average of the last minute. */
  readonly load: number;
}

/** Writes a figure with its values of all rounds down, where `BENCH_JSON` names a file. */
export function record(figure: FigureId, role: Role, who: string, values: readonly number[]): void {
  const path = process.env["BENCH_JSON"];
  const measured = values.filter(Number.isFinite);
  if (path === undefined || path === "" || measured.length === 0) return;
  const result: Result = {
    ...{ figure, role, who, median: median(measured), rounds: measured.length },
    ...{ least: Math.min(...measured), most: Math.max(...measured), atMs: Date.now() },
    ...{ machine: machine(), load: loadavg()[0] ?? Number.NaN },
  };
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

/** All lines of the file; none where there is no file. */
export function readResults(path: string): Result[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
}

/** The machine and what runs on it, as every table has it above. */
export function machine(): string {
  const { node, openssl } = process.versions;
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux ${release()}, Node ${node} with OpenSSL ${openssl}`;
}

/** The line above a table. */
export function heading(how: string): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return `${machine()}; load average ${load.join(", ")}. ${how}.\n`;
}

/** The first version number that a program of Debian says of itself; undefined where it is not installed. */
export function versionOf(command: string, args: readonly string[]): string | undefined {
  // Some say it on standard error, and some end with 1 after it.
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  return /\d+\.\d+(\.\d+)*/.exec(`${stdout}${stderr}`)?.[0];
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Median (least–most), or the value alone when there is one. */
export function spread(values: readonly number[], digits: number): string {
  if (values.length < 2) return median(values).toFixed(digits);
  const least = Math.min(...values).toFixed(digits);
  const most = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} (${least}–${most})`;
}

/** A Markdown table of `rows`, whose first cell names the row. */
export function table(
  names: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(names), `|${"---|".repeat(names.length)}`, ...rows.map(line)].join("\n");
}
