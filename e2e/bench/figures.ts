/**
 * The project's figures in one table: what, goal, what Millrace reaches, the limit of the machine and other servers in
 * the same run. Measures nothing: gathers what the benches wrote to the file that `BENCH_JSON` names, of every figure and
 * program the newest line. Run: npm run bench -- figures
 */
import { type Figure, type FigureId, figureList, testedFigures } from "./figure-list.ts";
import { machine, type Result, readResults, table } from "./results.ts";

const path = process.env["BENCH_JSON"] ?? ".cache/bench/results.jsonl";
const newest = new Map<string, Result>();
for (const result of readResults(path)) {
  newest.set(`${result.figure} ${result.role} ${nameOf(result.who)}`, result);
}
const results = [...newest.values()];

const rows = Object.entries(figureList).map(([id, figure]) => {
  const own = of(id as FigureId, "millrace", figure);
  return [
    `${figure.what}, ${figure.unit}`,
    goal(figure),
    own === "" ? `not measured: npm run bench -- ${figure.bench}` : own,
    of(id as FigureId, "limit", figure),
    of(id as FigureId, "peer", figure),
  ];
});
console.log(`${table(["what", "goal", "Millrace", "limit", "peer"], rows)}\n`);
for (const { what, spec } of testedFigures)
  console.log(`- ${what}: npx playwright test ${spec} prints what it measures.`);
printOrigins();

function goal({ atMost, atLeast, digits }: Figure): string {
  if (atMost !== undefined) return `≤ ${shortest(atMost, digits)}`;
  return atLeast === undefined ? "" : `≥ ${shortest(atLeast, digits)}`;
}

function shortest(value: number, digits: number): string {
  return String(Number(value.toFixed(Math.max(digits, 2))));
}

function of(id: FigureId, role: Result["role"], figure: Figure): string {
  return results
    .filter((result) => result.figure === id && result.role === role)
    .map((result) => `${result.who}: ${cell(result, figure)}`)
    .join("; ");
}

/** The median, with the spread behind it; marked where it misses the goal. */
function cell(
  { role, median, least, most, rounds }: Result,
  { digits, atMost, atLeast }: Figure,
): string {
  const within = rounds > 1 ? ` (${least.toFixed(digits)}–${most.toFixed(digits)})` : "";
  const missed =
    (atMost !== undefined && median > atMost) || (atLeast !== undefined && median < atLeast);
  const said = `${median.toFixed(digits)}${within}`;
  return role === "millrace" && missed ? `**${said}, missed**` : said;
}

/** A new version of a program takes the place of the old one. */
function nameOf(who: string): string {
  return who.replace(/ \d[\d.]*/, "");
}

/** Lines of several machines or moments in one table are told apart, for they do not compare. */
function printOrigins(): void {
  const machines = new Set(results.map((result) => result.machine));
  const times = results.map(({ atMs }) => atMs);
  const loads = results.map(({ load }) => load);
  if (results.length === 0) {
    console.log(`\nNothing is measured yet: ${path} is empty. This machine: ${machine()}.`);
    return;
  }
  const at = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const between = `${at(Math.min(...times))} and ${at(Math.max(...times))} UTC`;
  console.log(`\nMeasured between ${between} on ${[...machines].join(" AND ON ")};`);
  console.log(
    `load average then ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}, the load of the benches included.`,
  );
}
