// `npm run test:matrix`, and the end of `npm test`: the gateway under Node 20 and 24, with and without what is built
// by a C compiler, with and without SIMD in WebAssembly. Each row publishes with ffmpeg and watches over WHEP and
// HTTP-FLV; the other Node also runs the tests of what lies nearest to it. Plain Node.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build, fail, installPackages, npm, requireNode, root, run, runTool } from "./setup.mjs";

const otherMajor = 24;
/** Tests of what leans on Node's crypto, sockets and native interface. */
const nearestToNode = [
  "server/src/rtc/egress",
  "server/src/rtc/srtp",
  "server/src/rtc/dtls",
  "server/src/rtc/werift",
  "server/src/rtc/stun",
  "server/src/rtc/lite-peer",
  "turn/src/native",
];
/** V8 has no SIMD for WebAssembly on x86-64 without SSE 4.1. */
const withoutSimd = process.arch === "x64" ? ["--no-enable-sse4-1"] : [];

/** Folders of this repository that a running gateway reads, without what is built in C. */
const copied = ["server", "signaling", "turn", "client", "scripts", "package.json"];

/**
 * The Node of that major version from npm, in a folder that the next run finds again; undefined when the registry
 * cannot give it.
 * @param {number} major
 */
function fetchNode(major) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "millrace", `node-${major}`);
  // What npm's package `node` would fetch in an install script.
  const name = `node-${process.platform}-${process.arch}`;
  const program = join(folder, "node_modules", name, "bin", "node");
  if (versionOf(program)?.startsWith(`v${major}.`)) return program;
  mkdirSync(folder, { recursive: true });
  const args = ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund"];
  spawnSync(npm, [...args, "--ignore-scripts", `${name}@${major}`], {
    cwd: folder,
    stdio: "ignore",
    timeout: 180_000,
  });
  return versionOf(program)?.startsWith(`v${major}.`) ? program : undefined;
}

/** @param {string} program */
function versionOf(program) {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** A copy of what is built, in which nothing in C could be compiled. Returns its folder. */
function treeWithoutCompiler() {
  const tree = mkdtempSync(join(tmpdir(), "millrace-tree-"));
  for (const name of copied) {
    cpSync(join(root, name), join(tree, name), {
      recursive: true,
      filter: (path) =>
        !/(^|\/)(node_modules|native\/build|\.git)(\/|$)/.test(relative(root, path)),
    });
  }
  // Packages are those of this tree; our own are those of the copy.
  const modules = join(tree, "node_modules");
  mkdirSync(join(modules, "@millrace"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@millrace")
      symlinkSync(realpathSync(join(root, "node_modules", name)), join(modules, name));
  }
  for (const name of readdirSync(join(root, "node_modules", "@millrace"))) {
    const at = relative(
      realpathSync(root),
      realpathSync(join(root, "node_modules/@millrace", name)),
    );
    symlinkSync(join(tree, at), join(modules, "@millrace", name));
  }
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build-native.mjs"], {
    cwd: tree,
    encoding: "utf8",
    env: { ...process.env, CC: "/nonexistent" },
  });
  if (
    status !== 0 ||
    !stderr.includes("not built") ||
    existsSync(join(tree, "server/native/build/egress.node"))
  ) {
    throw new Error(`without a compiler, build-native.mjs ended with ${status}: ${stderr}`);
  }
  return tree;
}

/** @param {string} tree whether what is written in C was built there. */
function hasNative(tree) {
  return existsSync(join(tree, "server/native/build/egress.node"));
}

/**
 * One row of the table.
 * @typedef {object} Row
 * @property {string} name
 * @property {string} node program
 * @property {readonly string[]} [nodeFlags]
 * @property {string} [tree]
 * @property {readonly string[]} [flags] of the gateway
 * @property {readonly string[]} tiers that may run
 */

/** @param {string | undefined} other @param {string} bare @returns {readonly Row[]} */
function rowsFor(other, bare) {
  const own = process.execPath;
  const fastest = hasNative(root) ? ["native"] : ["wasm", "node"];
  const rows = [
    { name: "without a compiler", node: own, tree: bare, tiers: ["wasm"] },
    {
      name: "without a compiler, without SIMD",
      node: own,
      nodeFlags: withoutSimd,
      tree: bare,
      tiers: ["node"],
    },
    { name: "rtc.egress node", node: own, flags: ["--rtc-egress", "node"], tiers: ["node"] },
  ];
  if (other === undefined) return rows;
  return [
    ...rows,
    { name: "as built", node: other, tiers: fastest },
    { name: "without a compiler", node: other, tree: bare, tiers: ["wasm"] },
  ];
}

/** @param {Row} row */
async function smoke({ name, node, nodeFlags = [], tree = root, flags = [], tiers }) {
  process.stderr.write(`Node ${versionOf(node)}, ${name}: `);
  await runTool("tsx", [
    "--conditions=source",
    "e2e/matrix/smoke.ts",
    JSON.stringify({ node, nodeFlags, tree, flags, tiers }),
  ]);
}

/** Everything has to be built. @param {NodeJS.ProcessEnv} [environment] of the tests. */
export async function testMatrix(environment) {
  const bare = treeWithoutCompiler();
  try {
    const other = fetchNode(otherMajor);
    if (other === undefined) {
      process.stderr.write(`Node ${otherMajor} is left out: npm's registry did not give it.\n`);
    } else {
      process.stderr.write(`Node ${versionOf(other)}: tests of what lies nearest to it\n`);
      await run(
        other,
        ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...nearestToNode],
        environment,
      );
    }
    for (const row of rowsFor(other, bare)) await smoke(row);
  } finally {
    rmSync(bare, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  requireNode();
  try {
    await installPackages();
    await build();
    await testMatrix();
  } catch (error) {
    fail(`\nnpm run test:matrix: ${error instanceof Error ? error.message : error}`);
  }
}
