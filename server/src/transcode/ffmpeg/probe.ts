import { execFile } from "node:child_process";
import { scrubbedEnvironment } from "../process/child-command.ts";
import type { FfmpegFacts } from "./arguments.ts";

const timeoutMs = 10_000;
const maxBytes = 1024 * 1024;

/** What this ffmpeg is and can do; undefined when it cannot be run. */
export async function probeFfmpeg(path: string): Promise<FfmpegFacts | undefined> {
  const versionText = await run(path, ["-version"]);
  const encoders = namesIn(await run(path, ["-hide_banner", "-encoders"]));
  const decoders = namesIn(await run(path, ["-hide_banner", "-decoders"]));
  if (versionText === undefined || encoders === undefined || decoders === undefined) {
    return undefined;
  }
  const version = /^ffmpeg version (\S+)/.exec(versionText)?.[1] ?? "unknown";
  const [major = 99, minor = 0] = (/^n?(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const hasFpsMode = major > 5 || (major === 5 && minor >= 1);
  return { version, encoders, decoders, hasFpsMode };
}

/** The names in a table of codecs. */
function namesIn(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  return new Set(
    [...text.matchAll(/^ [VAS][A-Z.]{5} ([^\s=]\S*)/gm)].map(([, name]) => name ?? ""),
  );
}

function run(path: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: maxBytes, env: scrubbedEnvironment() };
    execFile(path, args, options, (error, output) => resolve(error === null ? output : undefined));
  });
}
