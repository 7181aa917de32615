import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const source = fileURLToPath(new URL("load/whepload.go", import.meta.url));
const workspace = fileURLToPath(new URL("../../.cache/load/", import.meta.url));

/** Percentiles as the load client prints them, milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadReport {
  readonly connected: number;
  readonly packets_s: number;
  readonly lost: number;
  readonly connected_ms: Percentiles;
  /** Undefined when nobody got one. */
  readonly keyframe_ms?: Percentiles;
  readonly latency_ms?: Percentiles;
  readonly client_cpu_pct: number;
  readonly server: {
    readonly cpu_pct: number;
    readonly pss_mb: number;
    readonly pss_mb_before: number;
    readonly pss_kb_per_viewer: number;
    readonly cpu_us_per_packet: number;
  };
}

/** Builds the load client when it is missing or old. Needs Debian's Go and pion packages. Returns its path. */
export function buildLoadClient(): string {
  const folder = `${workspace}src/whepload`;
  const program = `${folder}/whepload`;
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(folder, { recursive: true });
  copyFileSync(source, `${folder}/main.go`);
  writeFileSync(`${folder}/go.mod`, "module whepload\n");
  try {
    execFileSync("/usr/bin/go", ["build", "-o", "whepload", "."], {
      cwd: folder,
      env: { ...process.env, GO111MODULE: "off", GOPATH: `${workspace}:/usr/share/gocode` },
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch (cause) {
    throw new Error(
      "The load client needs: apt-get install golang-go golang-github-pion-webrtc.v3-dev",
      { cause },
    );
  }
  return program;
}

/**
 * Runs viewers and returns what they and the server's processes took. This process goes on publishing meanwhile.
 * `niceness` is added to that of this process: others then go before the client.
 */
export async function runLoad(
  program: string,
  flags: Record<string, string | number>,
  niceness = 0,
): Promise<LoadReport> {
  const args = Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
  const command = ["-n", String(niceness), program, ...args];
  const { stdout } = await promisify(execFile)("nice", command, { timeout: 180_000 });
  return JSON.parse(stdout) as LoadReport;
}
