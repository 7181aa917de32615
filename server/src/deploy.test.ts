import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { defaultConfig as defaults } from "./config/index.ts";
import { configPaths } from "./config/keys.ts";
import { pathOfEnvironmentName } from "./config/names.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const defaultConfig = defaults();
const deploy = join(root, "deploy");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** All text files of deploy/ that people copy from. */
const files = readdirSync(deploy, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.json$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly env_file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly command?: readonly string[];
  readonly configs?: readonly { readonly source: string }[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<string, { readonly ipam: { readonly config: readonly { readonly gateway: string }[] } }>
  >;
  readonly volumes: Readonly<Record<string, null>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
}

describe("every file", () => {
  it.each(files.map((file) => [file.slice(root.length), file]))(
    "%s names what there is",
    (_, file) => {
      const text = readFileSync(file, "utf8");
      for (const [name] of text.matchAll(/\bMILLRACE_[A-Z_]*[A-Z]\b/g)) {
        if (name === "MILLRACE_CONFIG") continue;
        expect(pathOfEnvironmentName(name), name).toBeDefined();
      }
      for (const [key] of text.matchAll(
        /\b(?:http|rtmp|flvTcp|rtc|turn|auth|shutdown)\.[a-z][A-Za-z]+\b/g,
      )) {
        if (/\.(conf|pem|yml|yaml|sock)$/.test(key)) continue;
        expect(configPaths, key).toContain(key);
      }
      for (const [path] of text.matchAll(/\bdeploy\/[\w./-]*[\w-]/g)) {
        if (/^deploy\/(grafana|prometheus)\b/.test(path)) continue;
        if (path === "deploy/docker/.env") continue;
        expect(existsSync(join(root, path)), path).toBe(true);
      }
    },
  );
});

describe("the image", () => {
  const dockerfile = read("deploy/docker/Dockerfile");
  const copies = [...dockerfile.matchAll(/^COPY (.+)$/gm)].map(([, rest = ""]) => rest.split(" "));
  const ignored = read(".dockerignore").split("\n");

  it("is made from what there is and is not left out", () => {
    const sources = copies
      .filter(([first]) => !first?.startsWith("--from"))
      .flatMap((words) => words.slice(0, -1));
    expect(sources).toContain("package-lock.json");
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(ignored, source).not.toContain(source.split("/")[0]);
    }
    // Every workspace has its manifest there before packages are installed.
    for (const workspace of JSON.parse(read("package.json")).workspaces as string[]) {
      expect(sources).toContain(`${workspace}/package.json`);
    }
  });

  it("has what the server reads when it runs", () => {
    const last = copies.filter(([first]) => first === "--from=build").map((words) => words[1]);
    for (const path of [
      "node_modules",
      "server/dist",
      "client/dist",
      "turn/dist",
      "signaling/dist",
    ]) {
      expect(last).toContain(`/millrace/${path}`);
    }
    for (const workspace of JSON.parse(read("package.json")).workspaces as string[]) {
      expect(last, workspace).toContain(`/millrace/${workspace}/package.json`);
    }
    // What is in C lies beside its sources.
    expect(read("server/native/build.mjs")).toContain('join(root, folder, "build"');
    expect(last).toContain("/millrace/server/native/build");
    expect(last).toContain("/millrace/turn/native/build");
  });

  it("runs as nobody in particular, names its ports and asks a probe that there is", () => {
    const { http, rtmp, rtc, turn } = defaultConfig;
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain(`http://127.0.0.1:${http.port}/readyz`);
    const exposed = /^EXPOSE (.+)$/m.exec(dockerfile)?.[1]?.split(" ");
    expect(exposed).toEqual([
      ...[`${http.port}/tcp`, `${rtmp.port}/tcp`, `${rtc.port}/udp`, `${rtc.port}/tcp`],
      ...[`${turn.port}/udp`, `${turn.port}/tcp`],
    ]);
    expect(dockerfile).toContain('ENTRYPOINT ["node", "server/dist/main.js"]');
  });
});

describe("docker-compose.yml", () => {
  const folder = join(deploy, "docker");
  const compose = parse(read("deploy/docker/docker-compose.yml")) as Compose;
  const given = new Map(
    read("deploy/docker/.env.example")
      .split("\n")
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => line.split("=", 2) as [string, string]),
  );

  it("has all four services, and every name in it stands somewhere", () => {
    const { services } = compose;
    expect(Object.keys(services).sort()).toEqual(["coturn", "grafana", "millrace", "prometheus"]);
    const text = read("deploy/docker/docker-compose.yml");
    for (const [, name = ""] of text.matchAll(/\$\{(\w+)/g))
      expect([...given.keys()]).toContain(name);
    for (const { networks = [], secrets = [] } of Object.values(services)) {
      for (const network of networks) expect(compose.networks).toHaveProperty(network);
      for (const secret of secrets)
        expect(given.has(compose.secrets[secret]?.environment ?? "")).toBe(true);
    }
    const { context = "", dockerfile = "" } = services["millrace"]?.build ?? {};
    expect(resolve(folder, context)).toBe(root.replace(/\/$/, ""));
    expect(existsSync(resolve(folder, context, dockerfile))).toBe(true);
    expect(read("deploy/docker/prometheus.yml")).toContain("/run/secrets/millrace_admin_token");
  });

  it("mounts what there is", () => {
    for (const { volumes = [] } of Object.values(compose.services)) {
      for (const volume of volumes) {
        const [source = ""] = volume.split(":");
        if (!source.startsWith(".")) {
          expect(compose.volumes).toHaveProperty(source);
          continue;
        }
        expect(existsSync(resolve(folder, source)), source).toBe(true);
      }
    }
  });

  it("publishes the ports of the configuration, and what administrators see on this machine alone", () => {
    const { http, rtmp, rtc } = defaultConfig;
    expect(compose.services["millrace"]?.ports).toEqual([
      ...[`127.0.0.1:${http.port}:${http.port}`, `${rtmp.port}:${rtmp.port}`],
      ...[`${rtc.port}:${rtc.port}/udp`, `${rtc.port}:${rtc.port}/tcp`],
    ]);
    for (const name of ["prometheus", "grafana"]) {
      for (const port of compose.services[name]?.ports ?? [])
        expect(port).toMatch(/^127\.0\.0\.1:/);
    }
    expect(read("deploy/docker/prometheus.yml")).toContain(`millrace:${http.port}`);
  });

  it("believes the front on the host, and no secret is written into it", () => {
    const { environment = {} } = compose.services["millrace"] ?? {};
    const gateway = compose.networks["millrace"]?.ipam.config[0]?.gateway;
    expect(environment["MILLRACE_HTTP_TRUST_PROXY"]).toBe(gateway);
    for (const name of Object.keys(environment)) expect(name).not.toMatch(/SECRET|TOKENS|PASSWORD/);
    for (const { command = [], configs = [] } of Object.values(compose.services)) {
      expect(String(command)).not.toMatch(/SECRET|TOKENS|PASSWORD/);
      for (const { source } of configs) expect(compose.configs).toHaveProperty(source);
    }
    for (const [name, value] of given) {
      if (/SECRET|TOKENS|PASSWORD/.test(name)) expect(value, name).toContain("change-me");
    }
  });
});

describe("the service of systemd", () => {
  const unit = read("deploy/systemd/millrace.service");

  it("starts what is built, drains in time and may not do much", () => {
    expect(unit).toContain("/opt/millrace/server/dist/main.js serve");
    const stopSeconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    expect(stopSeconds).toBeGreaterThan(defaultConfig.shutdown.drainSeconds + 5);
    for (const line of ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"]) {
      expect(unit.split("\n")).toContain(line);
    }
    expect(Number(/^LimitNOFILE=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(
      defaultConfig.http.maxConnections,
    );
    expect(existsSync(join(root, "docs/deploy.md"))).toBe(true);
  });

  it("keeps certificates where it can write", () => {
    expect(unit).toContain("\nStateDirectory=millrace\n");
    expect(unit).toContain("\nEnvironment=MILLRACE_HTTPS_FOLDER=/var/lib/millrace/certificates\n");
  });

  const canVerify = spawnSync("systemd-analyze", ["--version"]).status === 0;
  test.skipIf(!canVerify)("is understood by systemd", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-unit-"));
    try {
      const file = join(folder, "millrace.service");
      writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
      const said = execFileSync("systemd-analyze", ["verify", file], { stdio: "pipe" });
      expect(String(said)).not.toContain("millrace.service:");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
