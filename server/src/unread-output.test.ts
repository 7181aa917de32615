import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
const args = [
  ...["http", "rtmp", "rtc"].flatMap((part) => [`--${part}-host=127.0.0.1`, `--${part}-port=0`]),
  ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
  ...["--log-level=debug", "--shutdown-drain-seconds=1"],
];

const steps: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

/** A pipe that is full, and that nobody reads. */
function fullPipe(): number {
  const folder = mkdtempSync(join(tmpdir(), "millrace-unread-"));
  steps.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "pipe");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  const filled = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  steps.push(() => closeSync(filled));
  for (const size of [4096, 1]) {
    const piece = Buffer.alloc(size, ".");
    while (isTaken(filled, piece));
  }
  // Of its own, so that it is blocking as pipes are that a shell makes.
  const end = openSync(path, constants.O_RDWR);
  steps.push(() => closeSync(end));
  return end;
}

function isTaken(pipe: number, piece: Uint8Array): boolean {
  try {
    writeSync(pipe, piece);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "EAGAIN" });
    return false;
  }
}

/** The program as an operator runs it, from source. */
function start(more: readonly string[], output: number): ChildProcess {
  const options = ["--conditions=source", "--import", "tsx", entry, ...args, ...more];
  const child = spawn(process.execPath, options, {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", output, "pipe"],
  });
  steps.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
}

test.each(["auto", "json", "text"])(
  "a gateway whose output nobody reads serves and ends in time (log.format %s)",
  async (format) => {
    const child = start([`--log-format=${format}`], fullPipe());
    let said = "";
    child.stderr?.on("data", (part) => {
      said += String(part);
    });
    const address = (): string | undefined => /http:\/\/localhost:\d+/.exec(said)?.[0];
    await expect.poll(address, { timeout: 90_000 }).toBeDefined();
    const site = address()?.replace("localhost", "127.0.0.1");
    // Each says something in the log.
    for (let at = 0; at < 50; at++) {
      expect((await fetch(`${site}/live/demo.poll?media=1&hold=0`)).status).toBeLessThan(300);
    }
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    // It does not end at all when it waits for its reader.
    expect(await exited).toEqual([0, null]);
  },
  150_000,
);
