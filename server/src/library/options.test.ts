import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/index.ts";
import { type GatewayOptions, readOptions } from "./options.ts";

function faults(options: object): readonly string[] {
  try {
    readOptions(options as GatewayOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("options", () => {
  it("are the keys of the configuration, with its defaults, and quiet", () => {
    const { config } = readOptions({ http: { port: 0, basePath: undefined }, demo: true });
    expect(config.http).toMatchObject({ port: 0, basePath: "", allowedOrigins: ["*"] });
    expect([config.demo, config.rtmp.port, config.log.level]).toEqual([true, 1935, "warn"]);
  });

  it("are refused with all faults at once, as those of the file are", () => {
    expect(
      faults({
        http: { port: 123_456, bassPath: "/v" },
        rmtp: { port: 1 },
        rtmp: 1935,
        auth: { playTokens: "not-a-list" },
        hooks: { onPublsh: () => true, onPlay: "yes", timeoutSeconds: 2 },
        log: "loud",
      }),
    ).toEqual([
      'createGateway: unknown key "http.bassPath". Did you mean http.basePath?',
      expect.stringMatching(/^createGateway: unknown key "rmtp"\./),
      'createGateway: "rtmp" must be an object of keys and values.',
      'createGateway: unknown key "hooks.onPublsh". Did you mean hooks.onPublish?',
      expect.stringMatching(/^createGateway: unknown key "hooks.onPlay"\./),
      'createGateway: "log" must be an object of keys and values.',
      "http.port (createGateway): must be a port number from 0 to 65535 (0: any free port), not 123456.",
      expect.stringMatching(/^auth.playTokens \(createGateway\): must be a list[^"]*$/),
    ]);
    expect(faults({ rtc: { turnUrls: ["turn:relay.example"] } })).toEqual([
      expect.stringContaining("rtc.turnUrls needs the secret"),
    ]);
  });

  it("read neither environment nor files", () => {
    process.env["MILLRACE_HTTP_PORT"] = "1";
    process.env["MILLRACE_NONSENSE"] = "1";
    expect(readOptions({}).config.http.port).toBe(8080);
    delete process.env["MILLRACE_HTTP_PORT"];
    delete process.env["MILLRACE_NONSENSE"];
  });

  it("take functions of an object and call them on it", async () => {
    class BackEnd {
      readonly #allowed = new Set(["live/cam"]);
      onPublish({ stream }: { readonly stream: string }): boolean {
        return this.#allowed.has(stream);
      }
    }
    const { functions } = readOptions({ hooks: new BackEnd() });
    const question = { stream: "live/cam" } as Parameters<
      NonNullable<typeof functions.onPublish>
    >[0];
    expect(await functions.onPublish?.(question)).toBe(true);
    expect(functions.onPlay).toBeUndefined();
  });
});

describe("log", () => {
  const lines: [string, object, string][] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields, message]);
  const logger = {
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
  };

  it("goes to a logger without secrets and addresses", () => {
    const { log } = readOptions({ log: logger, auth: { playTokens: ["a-play-token"] } });
    log.child({ stream: "live/cam" }).info({ address: "203.0.113.7" }, "token a-play-token shown");
    const [line] = lines;
    expect(line).toEqual([
      "info",
      expect.objectContaining({ stream: "live/cam" }),
      expect.any(String),
    ]);
    expect(JSON.stringify(line)).not.toMatch(/203\.0\.113\.7|a-play-token/);
  });

  it("leaves out what the logger does not want", () => {
    lines.length = 0;
    const { log } = readOptions({
      log: { ...logger, isLevelEnabled: (level) => level === "error" },
    });
    log.info({}, "no");
    log.error({}, "yes");
    expect(lines.map(([, , message]) => message)).toEqual(["yes"]);
  });

  it("has levels and keys of its own", () => {
    expect(readOptions({ log: "debug" }).config.log.level).toBe("debug");
    expect(readOptions({ log: { format: "json" } }).config.log).toEqual({
      level: "warn",
      format: "json",
    });
    expect(faults({ log: { levl: "info" } })).toEqual([
      'createGateway: unknown key "log.levl". Did you mean log.level?',
    ]);
  });
});
