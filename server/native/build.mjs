// Builds what there is in C where there is a C compiler: the native tier of the egress, the fan-out of HTTP-FLV and
// the data path of the TURN relay. Without one, or on another system than Linux, all run without it. Plain Node, no
// node-gyp, no download. CC names another compiler, NATIVE_CFLAGS more flags (`-fsanitize=address,undefined -g`).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The repository, or the folder that all packages of ours are installed in.
const root = fileURLToPath(new URL("../..", import.meta.url));
const addons = [
  {
    name: "egress",
    folder: "server/native",
    sources: [
      ...["addon.c", "binding-core.c", "binding-srtp.c", "binding-udp.c"],
      ...["core.c", "openssl.c", "outbox.c", "srtp.c", "udp.c"],
    ],
    headers: [
      ...["aes-ctr.h", "binding.h", "core.h", "openssl.h", "outbox.h", "srtp.h", "udp.h"],
      "../../turn/native/arguments.h",
    ],
  },
  { name: "fan-out", folder: "server/native", sources: ["fan-out.c"], headers: [] },
  {
    name: "relay",
    folder: "turn/native",
    sources: ["binding.c", "binding-flows.c", "inbox.c", "outbox.c", "relay.c", "table.c"],
    headers: ["arguments.h", "binding.h", "inbox.h", "outbox.h", "relay.h", "table.h"],
  },
];
const flags = ["-O2", "-shared", "-fPIC", "-pthread"];
if (process.env.NATIVE_CFLAGS !== undefined) flags.push(...process.env.NATIVE_CFLAGS.split(" "));
const compilers = process.env.CC === undefined ? ["cc", "gcc", "clang"] : [process.env.CC];

/** @returns {string | undefined} where node_api.h is. */
function includeFolder() {
  try {
    return createRequire(import.meta.url)("node-api-headers").include_dir;
  } catch {
    return undefined;
  }
}

/** @param {(typeof addons)[number]} addon @returns {string} what came of it, in one line. */
function build({ name, folder, sources, headers }) {
  const built = join(root, folder, "build", `${name}.node`);
  const paths = sources.map((source) => join(root, folder, source));
  const inputs = [...paths, ...headers.map((header) => join(root, folder, header))];
  inputs.push(fileURLToPath(import.meta.url));
  if (
    existsSync(built) &&
    inputs.every((path) => statSync(path).mtimeMs < statSync(built).mtimeMs)
  ) {
    return "up to date";
  }
  if (process.platform !== "linux") return "not built: it needs Linux";
  const include = includeFolder();
  if (include === undefined) return "not built: node-api-headers is not installed";
  mkdirSync(join(root, folder, "build"), { recursive: true });
  const scratch = join(root, folder, "build", `${name}.${process.pid}.node`);
  const args = [
    ...flags,
    `-DNODE_GYP_MODULE_NAME=millrace_${name.replace("-", "_")}`,
    "-I",
    include,
  ];
  for (const compiler of compilers) {
    const command = [...args, "-o", scratch, ...paths];
    const { error, status, stderr } = spawnSync(compiler, command, { encoding: "utf8" });
    if (error !== undefined) continue;
    if (status !== 0) {
      rmSync(scratch, { force: true });
      return `not built: ${compiler} says ${stderr.trim().split("\n", 1)[0]}`;
    }
    // Whole at once: a process may be loading it.
    renameSync(scratch, built);
    return `built with ${compiler}`;
  }
  return "not built: there is no C compiler (Debian: apt-get install gcc libc6-dev)";
}

for (const addon of addons) {
  const outcome = build(addon);
  if (outcome !== "up to date") process.stderr.write(`Native ${addon.name}: ${outcome}.\n`);
}
