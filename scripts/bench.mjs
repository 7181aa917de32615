// `npm run bench`: prints the tables of e2e/bench. Wants a quiet machine and, for the load client, Debian's
// golang-go and golang-github-pion-webrtc.v3-dev, for TURN coturn.
import { build, fail, installPackages, requireNode, runTool } from "./setup.mjs";

const all = [
  "rtc",
  "egress",
  "cores",
  "storms",
  "first-picture",
  "latency",
  "publish",
  "http",
  "turn",
];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0)
  fail(`There is no bench ${unknown.join(", ")}; there are ${all.join(", ")}.`);

requireNode();
try {
  await installPackages();
  await build();
  for (const name of wanted.length > 0 ? wanted : all) {
    process.stdout.write(`\n## ${name}\n\n`);
    await runTool("tsx", ["--conditions=source", `e2e/bench/${name}.ts`]);
  }
} catch (error) {
  fail(`\nnpm run bench: ${error instanceof Error ? error.message : error}`);
}
