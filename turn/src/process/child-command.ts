import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** How the relay's process is started. */
export interface ChildCommand {
  readonly entry: string;
  /** Flags for Node. */
  readonly execArgv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An allocation costs some 20 KiB: this is enough for tens of thousands, and bounds a leak of ours. */
const heapFlag = "--max-old-space-size=512";
/** What a Node process needs of the environment, and none of our secrets. */
const keptVariables = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "SystemRoot"] as const;

/** Run from its TypeScript source or as compiled by `tsc`, as this file is itself. `name` is an entry beside this file. */
export function childCommand(name = "child"): ChildCommand {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(`./${name}${fromSource ? ".ts" : ".js"}`, import.meta.url));
  const env: Record<string, string> = {};
  for (const kept of keptVariables) {
    const value = process.env[kept];
    if (value !== undefined) env[kept] = value;
  }
  return {
    entry,
    execArgv: [heapFlag, ...(fromSource ? ["--import", "tsx", "--conditions=source"] : [])],
    // `--import` looks for its package from the working directory.
    cwd: dirname(entry),
    env,
  };
}
