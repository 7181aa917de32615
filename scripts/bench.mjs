// `npm run bench`: prints the tables of e2e/bench and at the end the project's figures in one table. Wants a quiet
// machine; what each bench needs besides is in e2e/bench/README.md, and what is missing is said and left out.
// `npm run bench -- NAME...` runs some; `figures` alone prints the table of what was measured last.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, fail, installPackages, requireNode, runTool } from "./setup.mjs";

/** Every script of e2e/bench that measures; the last one gathers what they wrote down. */
const benches = [
  ...["egress", "rtc", "receive", "cores", "storms", "http", "tcp-peers", "transcode"],
  ...["turn", "publish", "latency", "first-picture", "soak", "registry", "fronts"],
];
const gather = "figures";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = (/** @type {string} */ name) => `e2e/bench/${name}.ts`;
const there = [...benches, gather];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !there.includes(name));
if (unknown.length > 0)
  fail(`There is no bench ${unknown.join(", ")}; there are ${there.join(", ")}.`);

const results = resolve(process.env.BENCH_JSON ?? resolve(root, ".cache/bench/results.jsonl"));
process.env.BENCH_JSON = results;

requireNode();
/** @type {string[]} */
const failed = [];
try {
  if (wanted.length === 0 || wanted.some((name) => name !== gather)) {
    await installPackages();
    await build();
  }
  mkdirSync(dirname(results), { recursive: true });
  // A whole run is a table of its own; single benches replace their lines in it.
  if (wanted.length === 0) rmSync(results, { force: true });
  for (const name of wanted.length > 0 ? wanted : there) {
    process.stdout.write(`\n## ${name}\n\n`);
    try {
      await runTool("tsx", ["--conditions=source", script(name)]);
    } catch (error) {
      // What one needs and another does not is no reason to measure nothing.
      process.stdout.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
      failed.push(name);
    }
  }
} catch (error) {
  fail(`\nnpm run bench: ${error instanceof Error ? error.message : error}`);
}
if (failed.length > 0) fail(`\nnpm run bench: not measured: ${failed.join(", ")}`);
