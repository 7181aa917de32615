import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";

const program = fileURLToPath(new URL("./test-ends.ts", import.meta.url));

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill("SIGKILL");
});

it("a process ends by itself once its gateways are closed", async () => {
  child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (part) => {
      said += String(part);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  expect([code, said]).toEqual([0, "closed\n"]);
}, 240_000);
