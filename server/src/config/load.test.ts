import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfigPath } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { configPaths, keySpec } from "./keys.ts";
import { defaultConfig, loadConfig } from "./load.ts";
import { environmentName, flagName } from "./names.ts";
import { hookSamples } from "./test-hook-samples.ts";
import { tlsPartners, tlsSamples } from "./test-tls-samples.ts";

const missing = (): string => {
  throw Object.assign(new Error("no such file"), { code: "ENOENT" });
};

function load(sources: { file?: string; environment?: NodeJS.ProcessEnv; args?: string[] } = {}) {
  const { file, environment = {}, args = [] } = sources;
  return loadConfig({ environment, args, readFile: file === undefined ? missing : () => file });
}

function problems(sources: Parameters<typeof load>[0]): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("has every default without any source", () => {
    const { config, sources, file } = load();
    expect(config).toEqual(defaultConfig());
    expect(config.rtmp.port).toBe(1935);
    expect(sources.size).toBe(0);
    expect(file).toBeUndefined();
  });

  it("lets the flag win over the environment, and that over the file", () => {
    const file = "rtmp:\n  port: 1\n  host: 127.0.0.1\nhttp:\n  port: 1\n";
    const environment = { MILLRACE_RTMP_PORT: "2", MILLRACE_HTTP_PORT: "2" };
    const { config, sources } = load({ file, environment, args: ["--rtmp-port", "3"] });
    expect([config.rtmp.port, config.http.port, config.rtmp.host]).toEqual([3, 2, "127.0.0.1"]);
    expect(sources.get("rtmp.port")).toBe("flag --rtmp-port");
    expect(sources.get("http.port")).toBe("environment MILLRACE_HTTP_PORT");
    expect(sources.get("rtmp.host")).toBe("millrace.config.yaml line 3");
  });

  it.each(configPaths)("takes %s from every source", (path) => {
    const spec = keySpec(path);
    const [text, value] = samples[path] ?? ["", spec.default];
    const [section, key] = path.split(".");
    const yaml = JSON.stringify(
      key === undefined ? { [path]: value } : { [section ?? ""]: { [key]: value } },
    );
    const also = partners[path] ?? {};
    const get = (loaded: ReturnType<typeof load>): unknown => {
      const root = loaded.config as unknown as Record<string, Record<string, unknown>>;
      return key === undefined ? root[path] : root[section ?? ""]?.[key];
    };
    expect(value).not.toEqual(spec.default);
    expect(get(load({ file: yaml, environment: also }))).toEqual(value);
    expect(get(load({ environment: { ...also, [environmentName(path)]: text } }))).toEqual(value);
    expect(get(load({ environment: also, args: [`${flagName(path)}=${text}`] }))).toEqual(value);
  });

  it("knows switches as words and negated", () => {
    expect(load({ args: ["--demo"] }).config.demo).toBe(true);
    expect(load({ args: ["--demo", "--no-demo"] }).config.demo).toBe(false);
    expect(load({ args: ["--no-rtmp-enabled"] }).config.rtmp.enabled).toBe(false);
    expect(load({ environment: { MILLRACE_DEMO: "yes" } }).config.demo).toBe(true);
    expect(load({ environment: { MILLRACE_DEMO: "" } }).config.demo).toBe(false);
  });

  it("takes the word after a switch for the command, not for its value", () => {
    expect(load({ args: ["--demo", "serve"] }).config.demo).toBe(true);
  });

  it("reads the file that a flag or MILLRACE_CONFIG names, and says when it is missing", () => {
    const readFile = (path: string): string => (path === "a.yaml" ? "demo: true" : missing());
    expect(loadConfig({ args: ["--config", "a.yaml"], readFile }).config.demo).toBe(true);
    expect(loadConfig({ environment: { MILLRACE_CONFIG: "a.yaml" }, readFile }).file).toBe(
      "a.yaml",
    );
    expect(() => loadConfig({ args: ["-c", "b.yaml"], readFile })).toThrow(
      /b\.yaml cannot be read/,
    );
  });

  it("takes sections without keys and empty files", () => {
    expect(load({ file: "" }).config).toEqual(defaultConfig());
    expect(load({ file: "# nothing\nhttp:\n" }).config).toEqual(defaultConfig());
  });
});

describe("loadConfig refuses", () => {
  it("unknown keys in every source, with a suggestion", () => {
    expect(problems({ file: "rtmp:\n  prot: 1\n" })).toEqual([
      'millrace.config.yaml line 2: unknown key "rtmp.prot". Did you mean rtmp.port?',
    ]);
    expect(problems({ environment: { MILLRACE_RTMP_PROT: "1" } })).toEqual([
      "environment MILLRACE_RTMP_PROT: there is no such key. Did you mean MILLRACE_RTMP_PORT?",
    ]);
    expect(problems({ args: ["--rtmp-prot", "1"] })[0]).toBe(
      "flag --rtmp-prot: there is no such flag. Did you mean --rtmp-port?",
    );
  });

  it("values that are not allowed, naming key, source and what is allowed", () => {
    const allowed = "must be a port number from 0 to 65535 (0: any free port)";
    expect(problems({ file: "rtmp:\n  port: 70000\n" })).toEqual([
      `rtmp.port (millrace.config.yaml line 2): ${allowed}, not 70000.`,
    ]);
    expect(problems({ environment: { MILLRACE_RTMP_PORT: "abc" } })).toEqual([
      `rtmp.port (environment MILLRACE_RTMP_PORT): ${allowed}, not "abc".`,
    ]);
    expect(problems({ args: ["--rtmp-port", "-1"] })).toEqual([
      `rtmp.port (flag --rtmp-port): ${allowed}, not -1.`,
    ]);
    expect(problems({ file: "rtmp:\n  port:\n" })[0]).toContain("not null");
  });

  it("a bad value although a better source overrides it", () => {
    expect(problems({ file: "rtmp: { port: x }", args: ["--rtmp-port", "1"] })).toHaveLength(1);
  });

  it("all faults at once", () => {
    const found = problems({
      file: "rtmp: { port: x, bogus: 1 }",
      environment: { MILLRACE_NOPE: "1", MILLRACE_HTTP_PORT: "-5" },
      args: ["--what", "--rtc-port"],
    });
    expect(found).toHaveLength(6);
  });

  it("without showing what is secret", () => {
    const found = problems({
      environment: { MILLRACE_AUTH_PUBLISH_TOKENS: "short,säcret-token" },
      file: "auth: { adminTokens: [hunter2] }\nrtc: { turnSecret: abc }",
    });
    expect(found).toHaveLength(3);
    expect(found.join("\n")).not.toMatch(/short|säcret|hunter2|abc/);
  });

  it("files that are no map, broken, or too large", () => {
    expect(problems({ file: "- 1" })[0]).toContain("must be a map");
    expect(problems({ file: "http: 5" })[0]).toContain('"http" must be a map');
    expect(problems({ file: "a: 1\na: 2" })[0]).toMatch(/line 2.*unique/i);
    expect(problems({ file: "a: [" })[0]).toContain("line 1");
    expect(problems({ file: `# ${"x".repeat(1_048_576)}` })[0]).toContain("larger than");
    const bomb = `a: &a [${"x,".repeat(50)}x]\nb: &b [${"*a,".repeat(50)}*a]\nhttp: { trustProxy: [*b,*b,*b,*b,*b] }`;
    expect(problems({ file: bomb }).length).toBeGreaterThan(0);
  });

  it("keys that contradict each other", () => {
    expect(problems({ args: ["--rtc-turn-urls", "turn:a.example"] })[0]).toContain(
      "needs the secret",
    );
    expect(problems({ args: ["--rtc-turn-secret", "long-enough"] })[0]).toContain("go together");
    expect(problems({ args: ["--rtc-ice-servers", '[{"urls":["turn:a.example"]}]'] })[0]).toContain(
      "needs username and credential",
    );
    expect(problems({ args: ["--http-request-timeout-seconds", "5"] })[0]).toContain(
      "must not be below",
    );
  });

  it("TURN keys that contradict each other", () => {
    const found = (...args: string[]) => problems({ args });
    expect(found("--turn-min-port=50000", "--turn-max-port=49999")).toEqual([
      "turn.minPort must not be above turn.maxPort.",
    ]);
    expect(found("--turn-min-port=50000", "--turn-max-port=50000")).toEqual([]);
    expect(found("--turn-cert=a.pem")[0]).toContain("turn.cert and turn.key go together");
    expect(found("--turn-tls-port=5349")[0]).toContain("turn.tlsPort needs turn.cert and turn.key");
    const files = ["--turn-cert=a.pem", "--turn-key=b.pem"];
    expect(found("--turn-tls-port=3478", ...files)[0]).toContain("must be different");
    expect(found("--turn-tls-port=5349", ...files)).toEqual([]);
  });

  it("TURN values that are none", () => {
    for (const flag of [
      "--turn-allow-peers=loopback",
      "--turn-allow-peers=10.0.0.0/33",
      "--turn-public-hosts=turn:a.example",
      "--turn-public-hosts=a.example,b.example,c.example",
      "--turn-public-hosts=1.2.3.999",
      '--turn-realm=a"b',
      "--turn-secret=seven-7",
      "--turn-min-port=1023",
      "--turn-max-allocations=0",
      "--turn-max-bitrate-bps=63999",
    ]) {
      expect(problems({ args: [flag] }), flag).toHaveLength(1);
    }
    expect(problems({ args: ["--turn-secret=seven-7"] })[0]).not.toContain("seven-7");
  });

  it("takes turn.secret for other TURN servers too", () => {
    const args = ["--rtc-turn-urls", "turn:a.example", "--turn-secret=long-enough"];
    expect(problems({ args })).toEqual([]);
  });

  it("flags without the value that they need", () => {
    expect(problems({ args: ["--rtmp-port"] })[0]).toContain("a value is missing");
    expect(problems({ args: ["--rtmp-port", "--demo"] })[0]).toContain("a value is missing");
    expect(problems({ args: ["--no-demo=1"] })[0]).toContain("takes no value");
    expect(problems({ args: ["--no-rtmp-port"] })[0]).toContain("no such flag");
  });

  it("arbitrary input with a ConfigError and nothing else", () => {
    const word = fc.oneof(fc.constantFrom(...configPaths.map(flagName)), fc.string());
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(word, { maxLength: 6 }),
        fc.string(),
        (file, args, value) => {
          try {
            load({ file, args, environment: { MILLRACE_RTMP_PORT: value } });
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
    );
  });
});

/** A value that is not the default, as text and as it should come out. */
const samples: Partial<Record<ConfigPath, readonly [string, unknown]>> = {
  demo: ["true", true],
  "shutdown.drainSeconds": ["0", 0],
  "log.level": ["debug", "debug"],
  "log.format": ["json", "json"],
  "metrics.streams": ["live/a, live/b*", ["live/a", "live/b*"]],
  "http.host": ["::1", "::1"],
  "http.port": ["0", 0],
  "http.basePath": ["/a/b", "/a/b"],
  "http.publicUrls": [
    "https://a.example/x, http://b.example:81",
    ["https://a.example/x", "http://b.example:81"],
  ],
  "http.trustProxy": ["loopback,10.0.0.0/8,::1", ["loopback", "10.0.0.0/8", "::1"]],
  "http.allowedOrigins": ["https://a.example", ["https://a.example"]],
  "http.maxConnections": ["5", 5],
  "http.maxHeaderBytes": ["2048", 2048],
  "http.headersTimeoutSeconds": ["3", 3],
  "http.requestTimeoutSeconds": ["60", 60],
  "http.keepAliveSeconds": ["5", 5],
  ...tlsSamples,
  "rtmp.enabled": ["off", false],
  "rtmp.host": ["127.0.0.1", "127.0.0.1"],
  "rtmp.port": ["65535", 65535],
  "rtmp.maxConnections": ["1", 1],
  "rtmp.maxConnectionsPerAddress": ["1", 1],
  "flvTcp.enabled": ["off", false],
  "flvTcp.host": ["::1", "::1"],
  "flvTcp.port": ["1", 1],
  "flvTcp.maxConnections": ["1", 1],
  "flvTcp.maxConnectionsPerAddress": ["1", 1],
  "rtc.host": ["127.0.0.1", "127.0.0.1"],
  "rtc.port": ["0", 0],
  "rtc.announcedIps": ["203.0.113.7,2001:db8::1", ["203.0.113.7", "2001:db8::1"]],
  "rtc.tcp": ["false", false],
  "rtc.maxPeers": ["10", 10],
  "rtc.iceServers": ['[{"urls":["stun:a.example:3478"]}]', [{ urls: ["stun:a.example:3478"] }]],
  "rtc.turnUrls": ["turn:a.example?transport=udp", ["turn:a.example?transport=udp"]],
  "rtc.turnSecret": ["long-enough", "long-enough"],
  "rtc.turnTtlSeconds": ["60", 60],
  "rtc.egress": ["wasm", "wasm"],
  "rtc.egressThreads": ["2", 2],
  "rtc.dataFromViewers": ["everybody", "everybody"],
  "turn.enabled": ["off", false],
  "turn.host": ["::1", "::1"],
  "turn.port": ["0", 0],
  "turn.tlsPort": ["5349", 5349],
  "turn.cert": ["/etc/cert.pem", "/etc/cert.pem"],
  "turn.key": ["/etc/key.pem", "/etc/key.pem"],
  "turn.publicHosts": ["turn.example.org, 2001:db8::1", ["turn.example.org", "2001:db8::1"]],
  "turn.minPort": ["1024", 1024],
  "turn.maxPort": ["60000", 60_000],
  "turn.secret": ["long-enough", "long-enough"],
  "turn.previousSecrets": ["long-enough,as-before", ["long-enough", "as-before"]],
  "turn.dataPath": ["node", "node"],
  "turn.realm": ["example.org", "example.org"],
  "turn.allowPeers": ["10.0.0.0/8,::1", ["10.0.0.0/8", "::1"]],
  "turn.maxAllocations": ["1", 1],
  "turn.maxAllocationsPerUser": ["1", 1],
  "turn.maxAllocationsPerAddress": ["1", 1],
  "turn.maxBitrateBps": ["64000", 64_000],
  "turn.maxConnections": ["1", 1],
  "turn.maxConnectionsPerAddress": ["1", 1],
  "transcode.engine": ["ffmpeg", "ffmpeg"],
  "transcode.maxTranscodes": ["1", 1],
  "transcode.maxProcesses": ["3", 3],
  "transcode.warmSpare": ["no", false],
  "transcode.opusBitrateBps": ["64000", 64_000],
  "transcode.aacBitrateBps": ["64000", 64_000],
  "transcode.ffmpegPath": ["/opt/ffmpeg", "/opt/ffmpeg"],
  "auth.publishTokens": ["token-001,token-002", ["token-001", "token-002"]],
  "auth.playTokens": ["token-001", ["token-001"]],
  "auth.adminTokens": ["token-001", ["token-001"]],
  "auth.publishWithoutToken": ["private", "private"],
  "auth.playWithoutToken": ["nobody", "nobody"],
  "auth.adminWithoutToken": ["anybody", "anybody"],
  "auth.publishFrom": ["10.0.0.0/8,192.0.2.1", ["10.0.0.0/8", "192.0.2.1"]],
  "auth.playFrom": ["2001:db8::/32", ["2001:db8::/32"]],
  "auth.adminFrom": ["127.0.0.1", ["127.0.0.1"]],
  "auth.signingSecrets": ["a-signing-secret", ["a-signing-secret"]],
  "auth.jwtSecrets": ["a-secret-of-at-least-32-characters", ["a-secret-of-at-least-32-characters"]],
  "auth.jwtPublicKeys": ["keys.pem", "keys.pem"],
  "auth.jwksUrl": ["https://login.example/keys", "https://login.example/keys"],
  "auth.jwtIssuer": ["https://login.example", "https://login.example"],
  "auth.jwtAudience": ["millrace", "millrace"],
  "auth.cookieSecret": ["cookie-secret", "cookie-secret"],
  "auth.loginHours": ["48", 48],
  "auth.rules": [
    '[{"streams":"live/*","playTokens":["token-001"]}]',
    [{ streams: "live/*", playTokens: ["token-001"] }],
  ],
  ...hookSamples,
  "api.srsStreams": ["true", true],
  "publisher.graceSeconds": ["0", 0],
  "gop.maxSeconds": ["1", 1],
  "gop.maxBytes": ["65536", 65536],
  "limits.streams": ["1", 1],
  "limits.viewersPerStream": ["1", 1],
  "limits.flvGatherMs": ["0", 0],
};

/** What else must be set for a key to be allowed. */
const partners: Partial<Record<ConfigPath, NodeJS.ProcessEnv>> = {
  "rtc.turnUrls": { MILLRACE_RTC_TURN_SECRET: "long-enough" },
  "rtc.turnSecret": { MILLRACE_RTC_TURN_URLS: "turn:a.example" },
  ...tlsPartners,
  "turn.tlsPort": { MILLRACE_TURN_CERT: "a.pem", MILLRACE_TURN_KEY: "b.pem" },
  "turn.cert": { MILLRACE_TURN_KEY: "b.pem" },
  "turn.key": { MILLRACE_TURN_CERT: "a.pem" },
};
