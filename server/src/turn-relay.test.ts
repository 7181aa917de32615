import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Config, ConfigError, loadConfig } from "./config/index.ts";
import { silentLog, systemClock } from "./core/index.ts";
import { checkTurn } from "./doctor/check-turn.ts";
import { openTurnToExamine } from "./examine-turn.ts";
import { iceServersFor, type SharedTurn } from "./ice-servers.ts";
import { startTls } from "./tls-start.ts";
import type { BundledTurn } from "./turn/index.ts";
import { startTurnRelay } from "./turn-relay.ts";

const rtcPort = 8189;
let folder = "";
let started: BundledTurn | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-turn-"));
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:turn.example"];
  execFileSync("openssl", ["req", ...kind.split(" "), ...names, ...files], { stdio: "ignore" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await started?.close("TEST", 0);
  started = undefined;
});

function config(...flags: string[]): Config {
  const args = ["--turn-host=127.0.0.1", "--turn-port=0", "--turn-min-port=61000", ...flags];
  return loadConfig({ args, readFile: () => "" }).config;
}

async function start(settings: Config): Promise<BundledTurn> {
  const tls = await startTls(settings, { clock: systemClock, log: silentLog });
  tls.close();
  started = await startTurnRelay(settings, rtcPort, silentLog, tls);
  if (started === undefined) throw new Error("switched off");
  return started;
}

/** What the doctor finds with credentials that a session gets. */
async function look(settings: Config, turn: SharedTurn): Promise<string[]> {
  const told = iceServersFor(settings, systemClock, () => turn)("session-1");
  const servers = told.map(({ urls, username = "", credential = "" }) => ({
    urls,
    username,
    credential,
  }));
  return (await checkTurn(servers, 10_000)).map(({ code }) => code);
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

describe("startTurnRelay", () => {
  it("relays for sessions with their credentials, over UDP and TCP", async () => {
    const settings = config();
    const turn = await start(settings);
    const [udp, tcp] = turn.addresses;
    expect(turn.urls).toEqual([
      `turn:127.0.0.1:${udp?.port}?transport=udp`,
      `turn:127.0.0.1:${tcp?.port}?transport=tcp`,
    ]);
    expect(await look(settings, turn)).toEqual(["OK", "OK"]);
    const stranger = { urls: turn.urls, secret: "another-secret" };
    expect(await look(settings, stranger)).toEqual([
      "DOCTOR_TURN_CREDENTIALS",
      "DOCTOR_TURN_CREDENTIALS",
    ]);
  });

  it("has another secret at each start, unless one is set", async () => {
    const first = (await start(config())).secret;
    await started?.close("TEST", 0);
    const second = (await start(config())).secret;
    expect(first.length).toBeGreaterThanOrEqual(32);
    expect(second).not.toBe(first);
    await started?.close("TEST", 0);
    expect((await start(config("--turn-secret=a-test-secret"))).secret).toBe("a-test-secret");
  });

  it("takes credentials of the secret before", async () => {
    const settings = config("--turn-secret=the-new-secret", "--turn-previous-secrets=the-old-one");
    const turn = await start(settings);
    expect(await look(settings, { urls: turn.urls, secret: "the-old-one" })).toEqual(["OK", "OK"]);
  });

  it("tells the name in the certificate for TLS, and the operator's name before all", async () => {
    const tls = [
      `--turn-tls-port=${await freePort()}`,
      `--turn-cert=${join(folder, "cert.pem")}`,
      `--turn-key=${join(folder, "key.pem")}`,
    ];
    const settings = config(...tls);
    const { urls } = await start(settings);
    expect(urls).toHaveLength(3);
    expect(urls[2]).toBe(`turns:turn.example:${settings.turn.tlsPort}?transport=tcp`);
    await started?.close("TEST", 0);
    const named = await start(config(...tls, "--turn-public-hosts=relay.example"));
    expect(named.urls.map((url) => url.split(":")[1])).toEqual(Array(3).fill("relay.example"));
  });

  it("says which key to change when a port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await expect(start(config(`--turn-port=${port}`))).rejects.toThrow(
      `Cannot listen on 127.0.0.1 port ${port}: another program uses it. Change turn.host or turn.port.`,
    );
    const files = [
      `--turn-cert=${join(folder, "cert.pem")}`,
      `--turn-key=${join(folder, "key.pem")}`,
    ];
    await expect(start(config(`--turn-tls-port=${port}`, ...files))).rejects.toThrow(
      "Change turn.host or turn.tlsPort.",
    );
    taken.close();
  });

  it("says which file cannot be used", async () => {
    const cert = `--turn-cert=${join(folder, "cert.pem")}`;
    const problems = async (...flags: string[]) => {
      const error: unknown = await start(config("--turn-tls-port=5349", ...flags)).catch((e) => e);
      return error instanceof ConfigError ? error.problems : [error];
    };
    expect(await problems(cert, "--turn-key=/nowhere/key.pem")).toEqual([
      "turn.cert and turn.key: /nowhere/key.pem cannot be read (ENOENT).",
    ]);
    writeFileSync(join(folder, "empty.pem"), "");
    expect(await problems(cert, `--turn-key=${join(folder, "empty.pem")}`)).toEqual([
      "turn.cert and turn.key: there is no private key in PEM without a passphrase.",
    ]);
  });

  it("starts nothing when it is switched off", async () => {
    await expect(start(config("--no-turn-enabled"))).rejects.toThrow("switched off");
  });
});

describe("openTurnToExamine", () => {
  it("looks at a relay of its own while the ports are free", async () => {
    const settings = config();
    const turn = await openTurnToExamine(settings);
    expect(turn?.urls).toHaveLength(2);
    expect(turn && (await look(settings, turn))).toEqual(["OK", "OK"]);
    await turn?.close();
    const [, port = ""] = /:(\d+)\?/.exec(turn?.urls[0] ?? "") ?? [];
    const socket = createSocket("udp4").bind(Number(port), "127.0.0.1");
    await once(socket, "listening");
    socket.close();
  });

  it("looks at the running one when it knows the secret, and else at none", async () => {
    const port = await freePort();
    const secret = "--turn-secret=a-test-secret";
    await start(config(`--turn-port=${port}`, secret));
    const settings = config(`--turn-port=${port}`, secret);
    const turn = await openTurnToExamine(settings);
    expect(turn && (await look(settings, turn))).toEqual(["OK", "OK"]);
    expect(await openTurnToExamine(config(`--turn-port=${port}`))).toBeUndefined();
    expect(await openTurnToExamine(config("--no-turn-enabled"))).toBeUndefined();
  });
});
