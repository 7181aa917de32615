// Builds the native tier of the egress where there is a C compiler; without one, or on another system than Linux, the
// gateway runs without it. Plain Node, no node-gyp, no download. CC names another compiler.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const sources = ["srtp.c", "core.c", "binding.c"].map((name) => join(folder, name));
const headers = ["srtp.h", "core.h"].map((name) => join(folder, name));
const built = join(folder, "build", "egress.node");

/** @returns {string} what came of it, in one line. */
function build() {
  if (process.platform !== "linux") return "not built: it needs Linux";
  const inputs = [...sources, ...headers, fileURLToPath(import.meta.url)];
  if (
    existsSync(built) &&
    inputs.every((path) => statSync(path).mtimeMs < statSync(built).mtimeMs)
  ) {
    return "up to date";
  }
  let include;
  try {
    include = createRequire(import.meta.url)("node-api-headers").include_dir;
  } catch {
    return "not built: node-api-headers is not installed";
  }
  mkdirSync(join(folder, "build"), { recursive: true });
  const scratch = join(folder, "build", `egress.${process.pid}.node`);
  const flags = ["-O2", "-shared", "-fPIC", "-pthread", "-DNODE_GYP_MODULE_NAME=millrace_egress"];
  const compilers = process.env.CC === undefined ? ["cc", "gcc", "clang"] : [process.env.CC];
  for (const compiler of compilers) {
    const args = [...flags, "-I", include, "-o", scratch, ...sources];
    const { error, status, stderr } = spawnSync(compiler, args, { encoding: "utf8" });
    if (error !== undefined) continue;
    if (status !== 0) {
      rmSync(scratch, { force: true });
      return `not built: ${compiler} says ${stderr.trim().split("\n", 1)[0]}`;
    }
    // Whole at once: a gateway may be loading it.
    renameSync(scratch, built);
    return `built with ${compiler}`;
  }
  return "not built: there is no C compiler (Debian: apt-get install gcc libc6-dev)";
}

const outcome = build();
if (outcome !== "up to date") process.stderr.write(`Native egress: ${outcome}.\n`);
