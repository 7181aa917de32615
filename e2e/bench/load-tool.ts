import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const sources = new URL("load/", import.meta.url);
const workspace = fileURLToPath(new URL("../../.cache/load/", import.meta.url));

/** Builds `load/NAME.c` when it is missing or old. Returns its path. @throws Error where there is no C compiler. */
export function buildTool(name: string, libraries: readonly string[] = []): string {
  const source = fileURLToPath(new URL(`${name}.c`, sources));
  const program = `${workspace}${name}`;
  const headers = readdirSync(sources).filter((file) => file.endsWith(".h"));
  const inputs = [source, ...headers.map((file) => fileURLToPath(new URL(file, sources)))];
  const changedMs = Math.max(...inputs.map((input) => statSync(input).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > changedMs) return program;
  mkdirSync(workspace, { recursive: true });
  try {
    execFileSync("cc", ["-O2", "-o", program, source, ...libraries], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch (cause) {
    throw new Error("The load programs need a C compiler: apt-get install gcc libc6-dev", {
      cause,
    });
  }
  return program;
}
