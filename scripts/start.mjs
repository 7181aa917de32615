// `npm start`: installs and builds what is missing, then runs the gateway with its demo stream.
// Flags go through: npm start -- --http-port 9000 --no-demo
import { spawn } from "node:child_process";
import { join } from "node:path";
import { build, fail, installPackages, requireNode, root } from "./setup.mjs";

requireNode();
try {
  await installPackages();
  await build();
} catch (error) {
  fail(`Millrace could not be set up: ${error instanceof Error ? error.message : error}`);
}

const server = spawn(
  process.execPath,
  [join(root, "server", "dist", "main.js"), "serve", "--demo", ...process.argv.slice(2)],
  { stdio: "inherit" },
);
// A terminal sends Ctrl-C to both of us; whoever ends only this process means the server.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => server.kill(signal));
process.on("SIGINT", () => {});
server.once("error", (error) => fail(error.message));
server.once("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128);
});
