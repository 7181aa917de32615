// `npm run doctor`: installs and builds what is missing, then says what keeps streams from working.
// Flags go through: npm run doctor -- --url https://live.example.org --json
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build, fail, installPackages, requireNode, root } from "./setup.mjs";

requireNode();
try {
  await installPackages();
  await build();
} catch (error) {
  fail(`Millrace could not be set up: ${error instanceof Error ? error.message : error}`);
}
const { status } = spawnSync(
  process.execPath,
  [join(root, "server", "dist", "main.js"), "doctor", ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
