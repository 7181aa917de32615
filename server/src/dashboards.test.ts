import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";
import { TestAudience } from "./test-audience.ts";
import { TestPrometheus } from "./test-prometheus.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
  }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
    }[];
  };
}

const deploy = fileURLToPath(new URL("../../deploy/", import.meta.url));
const folder = `${deploy}grafana/dashboards/`;
const dashboards = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(folder + name, "utf8")) as Dashboard] as const,
);
const hasPrometheus = spawnSync("promtool", ["--version"], { stdio: "ignore" }).status === 0;

/** As Grafana fills it in. */
function filled(expression: string): string {
  return expression
    .replaceAll("[$__rate_interval]", "[30s]")
    .replaceAll(/\$(instance|transport)\b/g, ".*");
}

describe.each(dashboards)("%s", (_, dashboard) => {
  test("is what Grafana takes", () => {
    const { uid, panels, templating, schemaVersion } = dashboard;
    expect(uid).toMatch(/^[a-z0-9-]{1,40}$/);
    expect(schemaVersion).toBeGreaterThanOrEqual(36);
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const names = templating.list.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(["datasource", "instance"]);
    for (const { title, type, targets = [], datasource } of panels) {
      expect(title).not.toBe("");
      if (type === "row") continue;
      expect(datasource?.uid).toBe(`\${datasource}`);
      const refs = targets.map(({ refId }) => refId);
      expect(refs.length).toBeGreaterThan(0);
      expect(new Set(refs).size).toBe(refs.length);
      for (const { expr, datasource: from } of targets) {
        expect(from.uid).toBe(`\${datasource}`);
        expect(expr).toContain("$instance");
        for (const [, name] of expr.matchAll(/\$(?!__)(\w+)/g)) expect(names).toContain(name);
      }
    }
  });

  test("has a place for every panel", () => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken).not.toContain(`${column} ${line}`);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });
});

test("dashboards have names of their own", () => {
  expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(dashboards.length);
  for (const [name, { uid }] of dashboards) expect(name).toBe(`${uid}.json`);
});

describe.skipIf(!hasPrometheus)("with Prometheus", () => {
  const token = "only-for-prometheus";
  let gateway: Gateway;
  let prometheus: TestPrometheus;
  let audience: TestAudience;

  beforeAll(async () => {
    const { config } = loadConfig({
      args: [
        ...["http", "rtmp", "rtc"].flatMap((part) => [
          `--${part}-host=127.0.0.1`,
          `--${part}-port=0`,
        ]),
        ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
        ...[`--auth-admin-tokens=${token}`, "--metrics-streams=live/*"],
      ],
      readFile: () => "",
    });
    gateway = await createGateway(config, { log: silentLog });
    await gateway.start();
    const target = `127.0.0.1:${gateway.addresses().http?.port}`;
    audience = new TestAudience(`http://${target}`);
    prometheus = await TestPrometheus.start(target, token);
  });
  afterAll(async () => {
    audience?.close();
    await prometheus?.close();
    await gateway?.close();
  });

  test("every query of every panel gives figures", async () => {
    const waiting = new Set(
      dashboards.flatMap(([, { panels }]) =>
        panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filled(expr))),
      ),
    );
    expect(waiting.size).toBeGreaterThan(40);
    // Rates need two scrapes with something between them.
    const ask = async (): Promise<readonly string[]> => {
      await audience.act(token);
      for (const expression of waiting) {
        const series = await prometheus.query(expression);
        if (series?.some(({ value }) => Number.isFinite(value))) waiting.delete(expression);
      }
      return [...waiting];
    };
    await expect.poll(ask, { timeout: 100_000, interval: 1000 }).toEqual([]);
  }, 120_000);

  test("variables have values", async () => {
    const definitions = dashboards.flatMap(([, { templating }]) =>
      templating.list.flatMap(({ definition }) => definition ?? []),
    );
    for (const definition of definitions) {
      const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      const series = (await prometheus.query(filled(selector))) ?? [];
      expect(series.map(({ metric }) => metric[label])).not.toEqual([]);
      expect(series.map(({ metric }) => metric[label])).not.toContain(undefined);
    }
  });

  test("alert rules ask for what there is", async () => {
    const rules = readFileSync(`${deploy}prometheus/millrace.rules.yml`, "utf8");
    const names = new Set(rules.match(/\b(?:millrace|nodejs|process)_[a-z0-9_]+/g));
    // No certificate, no relay and no error here; all of them are documented.
    const absent = [
      "millrace_certificate_expiry_timestamp_seconds",
      "millrace_turn_restarts_total",
    ];
    absent.push("millrace_log_lines_total");
    expect(names.size).toBeGreaterThan(8);
    for (const name of names) {
      if (absent.includes(name)) continue;
      const [found] = (await prometheus.query(`count({__name__="${name}"})`)) ?? [];
      expect(found?.value, name).toBeGreaterThan(0);
    }
  });

  test("what is scraped has no fault that promtool knows", async () => {
    await audience.act(token);
    const target = gateway.addresses().http;
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${target?.port}/metrics`, { headers });
    const input = await answer.text();
    expect(input).toContain('millrace_viewers{transport="ws-flv"}');
    expect(input).toContain('millrace_stream_live{stream="live/demo"} 1');
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input });
    expect(`${stdout}${stderr}`).toBe("");
    expect(status).toBe(0);
  });

  test.each([
    ["check", "rules", "millrace.rules.yml"],
    ["check", "config", "prometheus.yml"],
    ["test", "rules", "millrace.test.yml"],
  ])("promtool %s %s %s", (...args) => {
    const cwd = `${deploy}prometheus`;
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});
