// What start.mjs and test.mjs share. Plain Node: it runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const minimumNode = [20, 19];
export const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Ends the process with a sentence when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  fail(`Millrace needs Node ${minimumNode.join(".")} or newer; this is ${process.versions.node}.`);
}

/** @param {string} message */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/**
 * Runs a command in the repository. Rejects when it does not end well.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function run(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...environment },
      shell: process.platform === "win32",
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`${[command, ...args].join(" ")} ended with ${code ?? signal}`));
    });
  });
}

/** Runs a program that npm installed. @param {string} name @param {readonly string[]} args @param {NodeJS.ProcessEnv} [environment] */
export function runTool(name, args, environment) {
  return run(join(root, "node_modules", ".bin", name), args, environment);
}

/** `npm ci`, unless what is installed is what the lock file says. */
export async function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".millrace-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  if (!existsSync(stamp) && installedMatches()) {
    writeFileSync(stamp, lock);
    return;
  }
  process.stderr.write("Installing packages…\n");
  await run(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/** Whether npm itself installed after the lock file was last written. */
function installedMatches() {
  const hidden = join(root, "node_modules", ".package-lock.json");
  return (
    existsSync(hidden) &&
    statSync(hidden).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs
  );
}

/** Compiles what is in C when its sources are newer and there is a compiler. */
export function buildNative() {
  return run(process.execPath, [join(root, "scripts", "build-native.mjs")]);
}

/** Compiles the server (which takes a second when nothing changed), and the pages when their sources are newer. */
export async function build() {
  await buildNative();
  await runTool("tsc", ["-b", "server"]);
  const page = join(root, "client", "dist", "site", "index.html");
  const sources = ["client/src", "client/public", "signaling/src", "server/media/src"];
  const single = [
    "client/index.html",
    "client/watch.html",
    "client/embed.html",
    "client/capacity.html",
    "client/vite.config.ts",
    "package-lock.json",
  ];
  const newest = Math.max(...[...sources, ...single].map((path) => newestMs(join(root, path))));
  if (existsSync(page) && statSync(page).mtimeMs >= newest) return;
  mkdirSync(dirname(page), { recursive: true });
  await runTool("vite", ["build", "client", "--logLevel", "warn"]);
}

/** @param {string} path @returns {number} */
function newestMs(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
