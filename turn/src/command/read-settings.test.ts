import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { helpText } from "./help.ts";
import { environmentName, flagName, type KeyName, keyNames, keys, type Settings } from "./keys.ts";
import { maxFileBytes, readSettings, SettingsError } from "./read-settings.ts";

interface Sources {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly file?: string;
}

function read({ args = [], environment = {}, file }: Sources): Settings {
  const named = file === undefined ? environment : { MILLRACE_CONFIG: "a.yaml", ...environment };
  const request = readSettings({ args, environment: named, readFile: () => file ?? "" });
  if (request.type !== "run") throw new Error(request.type);
  return request.settings;
}

function problems(sources: Sources): readonly string[] {
  try {
    read(sources);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

/** A value that is not the default, as text and as it should come out. */
const samples: { readonly [K in KeyName]: readonly [string, Settings[K]] } = {
  "turn.host": ["::1", "::1"],
  "turn.port": ["0", 0],
  "turn.tlsPort": ["5349", 5349],
  "turn.cert": ["c.pem", "c.pem"],
  "turn.key": ["k.pem", "k.pem"],
  "turn.announcedIps": ["203.0.113.7, 2001:db8::1", ["203.0.113.7", "2001:db8::1"]],
  "turn.minPort": ["1024", 1024],
  "turn.maxPort": ["60000", 60_000],
  "turn.secret": ["a-test-secret", "a-test-secret"],
  "turn.previousSecrets": ["before-that,and-that", ["before-that", "and-that"]],
  "turn.users": ['[{"username":"u","password":"p"}]', [{ username: "u", password: "p" }]],
  "turn.dataPath": ["node", "node"],
  "turn.realm": ["example.org", "example.org"],
  "turn.allowPeers": ["10.0.0.0/8", ["10.0.0.0/8"]],
  "turn.maxAllocations": ["1", 1],
  "turn.maxAllocationsPerUser": ["1", 1],
  "turn.maxAllocationsPerAddress": ["1", 1],
  "turn.maxBitrateBps": ["64000", 64_000],
  "turn.maxConnections": ["1", 1],
  "turn.maxConnectionsPerAddress": ["1", 1],
  "shutdown.drainSeconds": ["0", 0],
  "log.level": ["debug", "debug"],
};

describe("readSettings", () => {
  it("has every default without any source", () => {
    const settings = read({});
    for (const name of keyNames) expect(settings[name], name).toEqual(keys[name].default);
  });

  it.each(keyNames)("takes %s from every source that may have it", (name) => {
    const [text, value] = samples[name];
    expect(value).not.toEqual(keys[name].default);
    const [section = "", key = ""] = name.split(".");
    const file = JSON.stringify({ turn: {}, [section]: { [key]: value } });
    expect(read({ file })[name]).toEqual(value);
    expect(read({ environment: { [environmentName(name)]: text } })[name]).toEqual(value);
    const flag = `--${flagName(name)}`;
    if (keys[name].secret) {
      const found = problems({ args: [flag, text] });
      expect(found).toEqual([`flag ${flag}: secrets come from the environment or a file only.`]);
    } else {
      expect(read({ args: [flag, text] })[name]).toEqual(value);
      expect(read({ args: [`${flag}=${text}`] })[name]).toEqual(value);
    }
  });

  it("lets the flag win over the environment, and that over the file", () => {
    const file = "turn: { port: 1, tlsPort: 1, maxPort: 5000 }";
    const environment = { MILLRACE_TURN_PORT: "2", MILLRACE_TURN_TLS_PORT: "2" };
    const settings = read({ file, environment, args: ["--turn-port", "3"] });
    expect(settings["turn.port"]).toBe(3);
    expect(settings["turn.tlsPort"]).toBe(2);
    expect(settings["turn.maxPort"]).toBe(5000);
  });

  it("reads a gateway's file and environment, and leaves alone what is not for it", () => {
    const file = "http: { port: 80 }\nturn: { enabled: false, publicHosts: [a], port: 5 }\n";
    const environment = { MILLRACE_HTTP_PORT: "80", MILLRACE_TURN_ENABLED: "no" };
    expect(read({ file, environment })["turn.port"]).toBe(5);
  });

  it("knows help and version", () => {
    const type = (args: string[]) => readSettings({ args, environment: {} }).type;
    expect([type(["--help"]), type(["-h"]), type(["--version"]), type(["-V"])]).toEqual([
      "help",
      "help",
      "version",
      "version",
    ]);
  });

  it("tells every fault at once, with its source and what is allowed", () => {
    expect(
      problems({
        args: ["--turn-port", "70000", "--what", "serve", "--turn-realm"],
        environment: { MILLRACE_TURN_MIN_PORT: "80", MILLRACE_TURN_NOPE: "1" },
        file: "turn: { prot: 1, maxPort: many }",
      }),
    ).toEqual([
      "flag --what: there is no such flag.",
      '"serve" is not understood.',
      "flag --turn-realm: a value is missing.",
      'a.yaml: unknown key "turn.prot".',
      "environment MILLRACE_TURN_NOPE: there is no such key.",
      "turn.port (flag --turn-port): must be a whole number from 0 to 65535, not 70000.",
      "turn.minPort (environment MILLRACE_TURN_MIN_PORT): must be a whole number from 1024 to 65535, not 80.",
      'turn.maxPort (a.yaml): must be a whole number from 1024 to 65535, not "many".',
    ]);
  });

  it("says what is wrong with a file", () => {
    expect(problems({ file: "turn: [" })[0]).toMatch(/^a\.yaml cannot be read: it is no YAML/);
    expect(problems({ file: "http: { port: 1 }" })).toEqual([
      'a.yaml: the section "turn" is missing.',
    ]);
    expect(problems({ file: `# ${"x".repeat(maxFileBytes)}` })[0]).toContain("more than");
    const missing = () =>
      readSettings({
        args: ["-c", "b.yaml"],
        environment: {},
        readFile: () => {
          throw new Error("no such file");
        },
      });
    expect(missing).toThrow("b.yaml cannot be read: no such file");
  });

  it("never shows a secret", () => {
    const found = problems({
      args: ["--turn-secret", "hunter-2", "--turn-users=hunter-3"],
      environment: { MILLRACE_TURN_USERS: '[{"username":"a","passwort":"hunter-4"}]' },
      file: "turn: { secret: [hunter-5], previousSecrets: hunter-6 }",
    });
    expect(found).toHaveLength(5);
    expect(found.join("\n")).not.toContain("hunter");
  });

  it("has a result or its own error for anything", () => {
    const word = fc.oneof(
      fc.constantFrom(...keyNames.map((name) => `--${flagName(name)}`)),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), fc.string(), fc.string(), (args, file, value) => {
        const environment = { MILLRACE_TURN_PORT: value, MILLRACE_TURN_USERS: value };
        try {
          readSettings({
            args,
            environment: { ...environment, MILLRACE_CONFIG: "a.yaml" },
            readFile: () => file,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
        }
      }),
    );
  });
});

describe("helpText", () => {
  it("names every key, secrets by their variable alone", () => {
    const text = helpText();
    for (const name of keyNames) {
      if (keys[name].secret) expect(text).toContain(`  ${environmentName(name)}`);
      else expect(text).toContain(`  --${flagName(name)} `);
    }
    expect(text).not.toContain("--turn-secret");
  });
});
