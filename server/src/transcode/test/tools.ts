import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";

/** Tests that need a foreign tool are skipped without it, with a message; in CI they fail instead. */
function available(name: string, found: boolean): boolean {
  if (found || process.env["CI"] !== undefined) return true;
  console.warn(`${name} is missing: tests that need it are skipped`);
  return false;
}

function resolves(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

export const hasFfmpeg: boolean = available(
  "ffmpeg",
  spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0,
);

export const hasNodeAv: boolean = available("node-av", resolves("node-av/lib"));

/** Feeds `input` to ffmpeg and resolves to what it writes to standard output. */
export function runFfmpeg(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    let errors = "";
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => {
      errors += bytes.toString();
    });
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(`ffmpeg ended with ${code}: ${errors}`));
    });
    child.stdin.end(input);
  });
}

/** Resolves when `condition` holds, which is looked at on every turn; rejects after `timeoutMs`. */
export async function until(
  condition: () => boolean,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
