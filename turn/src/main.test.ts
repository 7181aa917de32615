import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { issueCredentials } from "./auth/index.ts";
import { codeOf, TestClient } from "./relay/test-client.ts";

const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
const local = ["--turn-host=127.0.0.1", "--turn-port=0", "--turn-min-port=61000"];
const secret = "a-test-secret";

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The program as an operator runs it, from source. */
class Program {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly lines: Line[] = [];
  stdout = "";
  stderr = "";
  readonly #looking = new Set<() => void>();

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(
      process.execPath,
      ["--conditions=source", "--import", "tsx", entry, ...args],
      {
        env: { PATH: process.env["PATH"], ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.exited = once(this.child, "close");
    this.child.stderr?.on("data", (part) => {
      this.stderr += String(part);
    });
    createInterface({ input: this.child.stdout ?? process.stdin }).on("line", (line) => {
      this.stdout += `${line}\n`;
      if (line.startsWith("{")) this.lines.push(JSON.parse(line) as Line);
      for (const look of this.#looking) look();
    });
    programs.push(this);
  }

  async logged(message: string): Promise<Line> {
    const line = new Promise<Line>((resolve) => {
      const look = (): void => {
        const found = this.lines.find(({ msg }) => msg === message);
        if (found !== undefined) resolve(found);
      };
      this.#looking.add(look);
      look();
    });
    const ended = this.exited.then(() => {
      throw new Error(`ended: ${this.stderr}`);
    });
    ended.catch(() => {});
    return Promise.race([line, ended]);
  }
}

const programs: Program[] = [];
const clients: TestClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const program of programs.splice(0)) {
    program.child.kill("SIGKILL");
    await program.exited;
  }
});

async function clientOf(program: Program, of: string): Promise<TestClient> {
  const { addresses } = (await program.logged("listening")) as unknown as {
    addresses: { protocol: "udp"; host: string; port: number }[];
  };
  const [udp] = addresses;
  if (udp?.protocol !== "udp") throw new Error("no UDP");
  const expiry = Math.floor(Date.now() / 1000) + 60;
  const client = await TestClient.open(udp, issueCredentials(of, "viewer-1", expiry));
  clients.push(client);
  return client;
}

describe("millrace-turn", { timeout: 60_000 }, () => {
  it("relays for whoever has credentials of the secret, and shows neither", async () => {
    const program = new Program([...local, "--log-level=debug"], { MILLRACE_TURN_SECRET: secret });
    const good = await clientOf(program, secret);
    expect(codeOf(await good.allocate())).toBe(0);
    const bad = await clientOf(program, "another-secret");
    expect(codeOf(await bad.allocate())).toBe(401);
    expect(await program.logged("allocated")).toMatchObject({ level: "debug", user: "viewer-1" });
    expect(program.lines[0]).toMatchObject({ level: "warn", code: "TURN_NO_PEERS" });
    program.child.kill("SIGINT");
    // It drains: the allocation is still there.
    await program.logged("closing");
    program.child.kill("SIGINT");
    await program.exited;
    expect(program.child.exitCode).toBe(130);
    expect(program.stdout + program.stderr).not.toContain(secret);
    expect(program.stdout).not.toContain(good.password);
  });

  it("drains at SIGTERM: takes nobody new, and ends when the last one has left", async () => {
    const program = new Program([...local, "--shutdown-drain-seconds=30"], {
      MILLRACE_TURN_SECRET: secret,
      MILLRACE_TURN_ALLOW_PEERS: "10.0.0.0/8",
    });
    const client = await clientOf(program, secret);
    const late = await clientOf(program, secret);
    expect(codeOf(await client.allocate())).toBe(0);
    program.child.kill("SIGTERM");
    await program.logged("closing");
    expect(codeOf(await late.allocate())).not.toBe(0);
    expect(codeOf(await client.refresh())).toBe(0);
    expect(codeOf(await client.refresh(0))).toBe(0);
    await program.exited;
    expect(program.child.exitCode).toBe(0);
    expect(program.lines.at(-1)).toMatchObject({ msg: "closed", level: "info" });
    expect(program.lines.some(({ code }) => code === "TURN_NO_PEERS")).toBe(false);
  });

  it("takes users with fixed passwords", async () => {
    const program = new Program(local, {
      MILLRACE_TURN_USERS: '[{"username":"alice","password":"fixed-password"}]',
    });
    const { addresses } = (await program.logged("listening")) as unknown as {
      addresses: { protocol: "udp"; host: string; port: number }[];
    };
    const [udp] = addresses;
    if (udp === undefined) throw new Error("no UDP");
    const alice = { username: "alice", password: "fixed-password" };
    const client = await TestClient.open(udp, alice);
    clients.push(client);
    expect(codeOf(await client.allocate())).toBe(0);
  });

  it("refuses to relay for everybody", async () => {
    const program = new Program(local);
    await program.exited;
    expect(program.child.exitCode).toBe(1);
    expect(program.stdout).toBe("");
    expect(program.stderr).toBe(
      "The configuration is wrong:\n  - turn.secret is missing: TURN relays for nobody without credentials.\n",
    );
  });

  it("says which port is taken", async () => {
    const taken = createSocket("udp4").bind(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address();
    const program = new Program(["--turn-host=127.0.0.1", `--turn-port=${port}`], {
      MILLRACE_TURN_SECRET: secret,
    });
    await program.exited;
    taken.close();
    expect(program.child.exitCode).toBe(1);
    expect(program.stderr).toContain(`port ${port}: EADDRINUSE`);
    expect(program.stderr).not.toContain("    at ");
  });

  it("prints help and version", async () => {
    const help = new Program(["--help"]);
    const version = new Program(["--version"]);
    await Promise.all([help.exited, version.exited]);
    expect(help.stdout).toContain("Usage: millrace-turn");
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect([help.child.exitCode, version.child.exitCode]).toEqual([0, 0]);
  });
});
