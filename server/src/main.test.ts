import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
const anyPort = [
  "--http-port=0",
  "--rtmp-port=0",
  "--flv-tcp-port=0",
  "--rtc-port=0",
  "--turn-port=0",
];
const local = [
  ...["--http-host=127.0.0.1", "--rtmp-host=127.0.0.1", "--rtc-host=127.0.0.1"],
  "--turn-host=127.0.0.1",
  "--transcode-engine=none",
];
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const timeoutMs = 60_000;

interface Listening {
  readonly http: { readonly host: string; readonly port: number };
  readonly rtmp?: { readonly host: string; readonly port: number };
  readonly rtc: { readonly host: string; readonly port: number };
}

/** The program as an operator runs it, from source. */
class Program {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  stdout = "";
  stderr = "";
  readonly #listening: Promise<Listening>;

  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    nodeArgs: string[] = [],
  ) {
    const options = ["--conditions=source", "--import", "tsx", ...nodeArgs, entry, ...args];
    this.child = spawn(process.execPath, options, {
      env: { PATH: process.env["PATH"], ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.child, "close");
    this.child.stderr?.on("data", (part) => {
      this.stderr += String(part);
    });
    this.#listening = new Promise((resolve, reject) => {
      this.child.stdout?.on("data", (part) => {
        this.stdout += String(part);
      });
      createInterface({ input: this.child.stdout ?? process.stdin }).on("line", (line) => {
        if (line.includes('"msg":"listening"')) resolve(JSON.parse(line) as Listening);
      });
      void this.exited.then(() => reject(new Error(`ended: ${this.stderr}`)));
    });
    this.#listening.catch(() => {});
    programs.push(this);
  }

  listening(): Promise<Listening> {
    return this.#listening;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    await this.exited;
    return this.child.exitCode;
  }
}

const programs: Program[] = [];
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.child.kill("SIGKILL");
    await program.exited;
  }
});

describe("millrace serve", { timeout: timeoutMs }, () => {
  it("says once where it listens, serves, and ends with 0 on SIGTERM although clients stay", async () => {
    const program = new Program([...anyPort, ...local, "--demo", "--shutdown-drain-seconds=3"]);
    const at = await program.listening();
    const url = `http://127.0.0.1:${at.http.port}`;
    expect(at.rtmp?.port).toBeGreaterThan(0);
    expect(at.rtc.port).toBeGreaterThan(0);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const server = (await (await fetch(`${url}/api/v1/server`)).json()) as { addresses: object[] };
    expect(server.addresses).toContainEqual({ protocol: "http", transport: "tcp", ...at.http });
    expect((await fetch(`${url}/api/v1/streams/live/demo`)).status).toBe(200);
    const head = await fetch(`${url}/live/demo`, { method: "HEAD" });
    expect(head.headers.get("millrace-stream-state")).toBe("live");
    expect(program.stdout.match(/"msg":"listening"/g)).toHaveLength(1);
    expect(program.stderr).toContain(`http://localhost:${at.http.port}/live/demo`);
    expect(program.stderr).toContain(`rtmp://localhost:${at.rtmp?.port}/live`);

    // A trickling request, an idle RTMP connection and a held long-poll of socket.io.
    const trickle = connect(at.http.port, "127.0.0.1");
    trickle.write("GET / HTTP/1.1\r\nHo");
    const rtmp = connect(at.rtmp?.port ?? 0, "127.0.0.1");
    for (const socket of [trickle, rtmp]) {
      socket.on("error", () => {});
      await once(socket, "connect");
    }
    const opened = await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const held = fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`).then(
      (response) => response.status,
      () => 0,
    );
    // As npm does it: the signal comes twice.
    program.child.kill("SIGTERM");
    expect(await program.end("SIGTERM")).toBe(0);
    await held;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    expect(program.stdout).toContain('"msg":"closed"');
  });

  it("ends with 0 on SIGINT and takes keys from the environment", async () => {
    const program = new Program([...local], {
      MILLRACE_HTTP_PORT: "0",
      MILLRACE_RTMP_ENABLED: "no",
      MILLRACE_RTC_PORT: "0",
      MILLRACE_TURN_ENABLED: "no",
      MILLRACE_HTTP_BASE_PATH: "/video",
    });
    const at = await program.listening();
    expect(at.rtmp).toBeUndefined();
    expect((await fetch(`http://127.0.0.1:${at.http.port}/video/healthz`)).status).toBe(200);
    expect(await program.end("SIGINT")).toBe(0);
  });

  it("reads certificates again on SIGHUP where there are some, and ends where there are none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-main-"));
    const secure = ["--https-self-signed", `--https-folder=${folder}`, "--https-port=0"];
    const program = new Program([...anyPort, ...local, ...secure, "--https-host=127.0.0.1"]);
    await program.listening();
    program.child.kill("SIGHUP");
    await expect
      .poll(() => program.stdout, { timeout: timeoutMs })
      .toContain("certificates looked at because of SIGHUP");
    expect(program.child.exitCode).toBeNull();
    await expect
      .poll(() => program.stderr, { timeout: timeoutMs })
      .toContain("self-signed: browsers warn of it once");
    expect(await program.end("SIGTERM")).toBe(0);
    rmSync(folder, { recursive: true });
    const plain = new Program([...anyPort, ...local]);
    await plain.listening();
    expect(await plain.end("SIGHUP")).toBe(0);
  }, 180_000);

  it("logs a bug, closes and ends with 1", async () => {
    const plant =
      "data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('planted fault')})";
    const program = new Program([...anyPort, ...local], {}, ["--import", plant]);
    await program.listening();
    expect(await program.end("SIGUSR2")).toBe(1);
    const line = program.stdout.split("\n").find((text) => text.includes("planted fault")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ level: "error", event: "uncaughtException" });
    expect(program.stdout).toContain('"code":"SERVER_FAILED"');
  });

  it("names the key to change when a port is taken", async () => {
    const first = new Program([...anyPort, ...local]);
    const { rtmp } = await first.listening();
    const second = new Program([
      "--http-port=0",
      "--rtc-port=0",
      "--turn-port=0",
      `--rtmp-port=${rtmp?.port}`,
      ...local,
    ]);
    await second.exited;
    expect(second.child.exitCode).toBe(1);
    expect(second.stderr).toMatch(
      /Cannot listen on 127\.0\.0\.1 port \d+: another program uses it/,
    );
    expect(second.stderr).toContain("rtmp.port");
    expect(second.stderr).not.toContain("at ");
  });

  it.skipIf(!hasFfmpeg)(
    "shows no token anywhere, and no client's address above debug",
    async () => {
      const tokens = ["publish-token-1", "watch-token-1", "admin-token-1", "wrong-token-1"];
      const secretKeys = tokens.slice(0, 3).map((token, index) => {
        const key = ["PUBLISH", "PLAY", "ADMIN"][index];
        return [`MILLRACE_AUTH_${key}_TOKENS`, token] as const;
      });
      const program = new Program(
        [...anyPort, ...local, "--log-level=debug"],
        Object.fromEntries(secretKeys),
      );
      const at = await program.listening();
      const publish = (token: string): Promise<unknown[]> => {
        const target = `rtmp://127.0.0.1:${at.rtmp?.port}/live/cam?token=${token}`;
        const source =
          "-f lavfi -i testsrc2=size=320x180:rate=30 -t 1 -c:v libx264 -g 30 -bf 0 -f flv";
        const args = ["-hide_banner", "-loglevel", "error", ...source.split(" "), target];
        return once(spawn("ffmpeg", args, { stdio: "ignore" }), "close");
      };
      await publish("wrong-token-1");
      await publish("publish-token-1");
      const url = `http://127.0.0.1:${at.http.port}`;
      for (const token of tokens) {
        await fetch(`${url}/live/cam?token=${token}`, { method: "HEAD" });
        await fetch(`${url}/whep/live/cam?token=${token}`, { method: "POST", body: "v=0" });
        for (const path of ["server", "streams/live/cam"]) {
          await fetch(`${url}/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } });
        }
      }
      expect(await program.end("SIGTERM")).toBe(0);
      const said = program.stdout + program.stderr;
      expect(said).toContain("live/cam");
      for (const token of tokens) expect(said).not.toContain(token);
      const aboveDebug = program.stdout
        .split("\n")
        .filter((line) => !line.includes('"level":"debug"'));
      // Where the server itself is, is no secret.
      const ofOthers = aboveDebug.filter((text) => !/"msg":"listening"|RTC_ADDRESS_/.test(text));
      for (const line of ofOthers) {
        expect(line).not.toContain("127.0.0.1");
      }
    },
  );
});

describe("millrace doctor", { timeout: timeoutMs }, () => {
  it("looks at a configuration whose server does not run, and prints nothing but JSON", async () => {
    const program = new Program(["doctor", "--json", ...anyPort, ...local]);
    await program.exited;
    expect(program.stderr).toBe("");
    const report = JSON.parse(program.stdout) as { checks: object[] };
    const found = (id: string, code: string) =>
      expect(report.checks).toContainEqual(expect.objectContaining({ id, code }));
    found("transcoder", "DOCTOR_SWITCHED_OFF");
    found("announced-addresses", "RTC_ADDRESS_LOOPBACK");
    found("http", "DOCTOR_NOT_RUNNING");
    const failed = report.checks.some((check) => "status" in check && check.status === "fail");
    expect(program.child.exitCode).toBe(failed ? 1 : 0);
  });

  it("looks at a running server, and ends with 1 when it is gone", async () => {
    const server = new Program([...anyPort, ...local]);
    const { http } = await server.listening();
    const token = "doctor-token-1";
    const asked = ["doctor", `--url=http://127.0.0.1:${http.port}`, "--token", token];
    const well = new Program(asked);
    await well.exited;
    expect(well.stdout).toMatch(/^ {2}ok {4}http /m);
    expect(well.stdout).toMatch(/^ {2}ok {4}rtmp /m);
    expect(well.child.exitCode).toBe(0);
    await server.end("SIGTERM");
    const gone = new Program(asked);
    await gone.exited;
    expect(gone.stdout).toContain("(DOCTOR_HTTP_UNREACHABLE)");
    expect(gone.child.exitCode).toBe(1);
    expect(well.stdout + well.stderr + gone.stdout + gone.stderr).not.toContain(token);
  });
});

describe("millrace", { timeout: timeoutMs }, () => {
  it("lists the faults of a command line and ends with 1", async () => {
    const program = new Program(["--rtmp-prot", "1", "--log-level=loud"]);
    await program.exited;
    expect(program.child.exitCode).toBe(1);
    expect(program.stdout).toBe("");
    expect(program.stderr).toContain("Did you mean --rtmp-port?");
    expect(program.stderr).toContain("log.level (flag --log-level): must be one of");
  });
});
