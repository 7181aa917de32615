import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** What the checks know of the machine; tests give other facts. */
export interface MachineFacts {
  readonly nodeVersion: string;
  readonly platform: string;
  /** Wall clock, milliseconds since 1970. */
  wallMs(): number;
  /** Files and sockets that this process may have open; undefined where it cannot be told. */
  openFileLimit(): number | undefined;
  /** Bytes that this process may use: the smallest of what the cgroups and the machine have. */
  memoryLimitBytes(): number;
}

const maxCgroupDepth = 32;

/** This machine. */
export const thisMachine: MachineFacts = {
  nodeVersion: process.versions.node,
  platform: process.platform,
  wallMs: () => Date.now(),
  openFileLimit: () => parseOpenFileLimit(readIfThere("/proc/self/limits")),
  memoryLimitBytes: () => Math.min(totalmem(), ...cgroupLimits()),
};

/** The soft limit of `/proc/PID/limits`; undefined when the text has none, Infinity when there is no limit. */
export function parseOpenFileLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  if (soft === "unlimited") return Number.POSITIVE_INFINITY;
  const limit = Number(soft);
  return soft === undefined || !Number.isFinite(limit) ? undefined : limit;
}

/** A cgroup's memory limit; undefined for none (`max`, or version 1's number near 2^63). */
export function parseMemoryLimit(text: string): number | undefined {
  const limit = Number(text.trim());
  return text.trim() === "" || !(limit > 0 && limit < 2 ** 60) ? undefined : limit;
}

/** Limits of this process's cgroup and of all above it, versions 2 and 1. */
function cgroupLimits(): number[] {
  const own = /^0::(\/.*)$/m.exec(readIfThere("/proc/self/cgroup"))?.[1] ?? "/";
  const files = ["/sys/fs/cgroup/memory/memory.limit_in_bytes"];
  let path = own;
  for (let depth = 0; depth < maxCgroupDepth; depth++) {
    files.push(`/sys/fs/cgroup${path === "/" ? "" : path}/memory.max`);
    if (path === "/") break;
    path = path.slice(0, path.lastIndexOf("/")) || "/";
  }
  return files
    .map((file) => parseMemoryLimit(readIfThere(file)))
    .filter((limit) => limit !== undefined);
}

function readIfThere(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  } catch {
    return "";
  }
}
