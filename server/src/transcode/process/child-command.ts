import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** How a codec process is started. */
export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Codecs keep their data outside of the JavaScript heap; this bounds a leak of ours. */
const heapFlag = "--max-old-space-size=256";
/** What a Node process needs of the environment, and none of the gateway's secrets. */
const keptVariables = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "SystemRoot"] as const;

/** Run from its TypeScript source (tests, `npm run dev`) or as compiled by `tsc`, as this file is itself. */
export function childCommand(maxMessageBytes: number): ChildCommand {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(
    new URL(fromSource ? "../codec/child.ts" : "../codec/child.js", import.meta.url),
  );
  const loader = fromSource ? ["--import", "tsx", "--conditions=source"] : [];
  return {
    command: process.execPath,
    args: [heapFlag, ...loader, entry, String(maxMessageBytes)],
    // `--import` looks for its package from the working directory.
    cwd: dirname(entry),
    env: scrubbedEnvironment(),
  };
}

/** The part of our environment that a codec process or `ffmpeg` may see. */
export function scrubbedEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of keptVariables) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
