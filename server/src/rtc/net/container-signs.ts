import { existsSync, readFileSync } from "node:fs";
import type { ContainerSigns } from "./announced-hint.ts";

/** What this machine shows of whether the process runs in a container. */
export function containerSigns(): ContainerSigns {
  return {
    marker: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
    cgroup: readIfThere("/proc/1/cgroup"),
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
