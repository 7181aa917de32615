import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One series of an answer. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Debian's Prometheus on a free port of loopback, which scrapes one gateway every second. */
export class TestPrometheus {
  readonly url: string;
  readonly close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.close = close;
  }

  /** `target` is `host:port`; `token` is shown as a bearer. */
  static async start(target: string, token: string): Promise<TestPrometheus> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-prometheus-"));
    const config = join(folder, "prometheus.json");
    const authorization = { credentials: token };
    const job = { job_name: "millrace", authorization, static_configs: [{ targets: [target] }] };
    const global = { scrape_interval: "1s", scrape_timeout: "1s" };
    // YAML has all of JSON in it.
    writeFileSync(config, JSON.stringify({ global, scrape_configs: [job] }));
    const port = await freePort();
    const prometheus = spawn(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      { stdio: "ignore" },
    );
    const ended = once(prometheus, "exit");
    return new TestPrometheus(`http://127.0.0.1:${port}`, async () => {
      prometheus.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** What an instant query gives; undefined while it does not answer, or not that. @throws Error for a query that is wrong */
  async query(expression: string): Promise<readonly QueriedSeries[] | undefined> {
    const query = new URLSearchParams({ query: expression });
    const answer = await fetch(`${this.url}/api/v1/query?${query}`).catch(() => undefined);
    if (answer === undefined || answer.status === 503) return undefined;
    const { status, error, data } = (await answer.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data?: {
        readonly result: readonly {
          readonly metric: Readonly<Record<string, string>>;
          readonly value: readonly [number, string];
        }[];
      };
    };
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data?.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
