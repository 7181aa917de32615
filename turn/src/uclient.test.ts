import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCredentials } from "./auth/index.ts";
import {
  EchoPeer,
  type ForeignRelay,
  foreignSecret,
  foreignUser,
  hasCoturnTools,
  readUclient,
  runTool,
  startForeignRelay,
  type ToolRun,
} from "./test-coturn.ts";

if (!hasCoturnTools) console.warn("coturn's clients are not installed: their tests are left out");

const host = "127.0.0.1";
const login = ["-u", foreignUser.username, "-w", foreignUser.password];
const toEachOther = ["-y", "-c", "-n", "20"];
const limits = { maxAllocationsPerUser: 2_000, maxAllocationsPerAddress: 2_000 };

function uclient(
  { portOf }: ForeignRelay,
  protocol: "udp" | "tcp" | "tls",
  args: readonly string[],
  timeoutMs?: number,
): Promise<ToolRun> {
  const over = { udp: [], tcp: ["-t"], tls: ["-t", "-S"] }[protocol];
  const all = ["-p", String(portOf(protocol)), ...over, ...args, host];
  return runTool("turnutils_uclient", all, timeoutMs);
}

/** Everything that was sent came back, and nobody complains but of answers that are asked for. */
function expectWhole({ exitCode, output }: ToolRun, messages: number, answers = /^$/): void {
  const { errors, ...counts } = readUclient(output);
  const said = output.slice(-2000);
  expect(counts, said).toEqual({ sent: messages, received: messages, lost: 0 });
  expect(
    errors.filter((line) => !answers.test(line)),
    said,
  ).toEqual([]);
  expect(exitCode, said).toBe(0);
}

// Five tools at a time: each of them waits for most of its time.
describe.skipIf(!hasCoturnTools)("coturn's clients", { concurrent: true, timeout: 90_000 }, () => {
  let server: ForeignRelay;
  let peer: EchoPeer;

  beforeAll(async () => {
    server = await startForeignRelay({ minPort: 14_000, maxPort: 15_999, limits });
    peer = await EchoPeer.start();
  });

  afterAll(async () => {
    await peer?.stop();
    await server?.relay.close();
  });

  it.for([
    ["udp", "channels", []],
    ["udp", "indications", ["-s"]],
    ["udp", "clients that come back from another port", ["-B"]],
    ["udp", "DONT-FRAGMENT", ["-g"]],
    ["udp", "padded channels", ["-D"]],
    ["udp", "an address family that is asked for", ["-X"]],
    ["tcp", "channels", []],
    ["tcp", "indications", ["-s"]],
    ["tcp", "clients that come back from another port", ["-B"]],
  ] as const)("reach each other over %s by %s", async ([protocol, , args]) => {
    expectWhole(await uclient(server, protocol, [...login, ...toEachOther, ...args]), 40);
  });

  it.for(["udp", "tcp"] as const)("ask for too much over %s and are told so", async (protocol) => {
    const run = await uclient(server, protocol, [...login, ...toEachOther, "-N", "-G"]);
    expectWhole(run, 40, /error (400|403|443) /);
  });

  it.for(["udp", "tcp"] as const)("are fifty pairs over %s", async (protocol) => {
    const many = ["-y", "-c", "-m", "50", "-n", "20", "-z", "10"];
    expectWhole(await uclient(server, protocol, [...login, ...many]), 1000);
  });

  it.for([
    ["udp", "channels", []],
    ["udp", "indications", ["-s"]],
    ["tcp", "channels", []],
  ] as const)("reach a peer outside over %s by %s", async ([protocol, , args]) => {
    const toPeer = ["-e", host, "-r", String(peer.port), "-c", "-n", "20"];
    expectWhole(await uclient(server, protocol, [...login, ...toPeer, ...args]), 20);
  });

  it.for(["udp", "tcp"] as const)("get two ports in a row over %s", async (protocol) => {
    const toPeer = ["-e", host, "-r", String(peer.port), "-n", "20"];
    expectWhole(await uclient(server, protocol, [...login, ...toPeer]), 40);
    const many = ["-y", "-m", "10", "-n", "20"];
    expectWhole(await uclient(server, protocol, [...login, ...many]), 240);
  });

  it.for(["udp", "tcp"] as const)("may come with the secret over %s", async (protocol) => {
    const args = ["-u", "alice", "-W", foreignSecret, ...toEachOther];
    expectWhole(await uclient(server, protocol, args), 40);
  });

  it.for([
    ["a wrong secret", ["-u", "alice", "-W", "not-the-secret"]],
    ["a wrong password", ["-u", foreignUser.username, "-w", "not-the-password"]],
    ["a name that every object has", ["-u", "constructor", "-w", String(Object)]],
    ["a prototype for a name", ["-u", "__proto__", "-w", String({})]],
    ["an unknown user", ["-u", "mallory", "-w", foreignUser.password]],
  ] as const)("are refused with %s", async ([, args]) => {
    const { exitCode, output } = await uclient(server, "udp", [...args, ...toEachOther]);
    expect(output).toContain("Cannot complete Allocation");
    expect(exitCode).not.toBe(0);
  });

  it("are refused with credentials that have expired", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [expiry, allowed] of [
      [now - 60, false],
      [now + 60, true],
    ] as const) {
      const { username, password } = issueCredentials(foreignSecret, "alice", expiry);
      const args = ["-u", username, "-w", password, ...toEachOther];
      const run = await uclient(server, "udp", args);
      if (allowed) expectWhole(run, 40);
      else expect(run.output).toContain("Cannot complete Allocation");
    }
  });

  // -O leaves in the middle of whatever it does; how it ends is chance.
  it("come and go at once by the dozen, and harm nobody", async () => {
    const args = [...login, "-y", "-c", "-O", "-m", "20", "-n", "20"];
    for (let i = 0; i < 5; i++) {
      const { output } = await uclient(server, "udp", args, 5_000);
      expect(output).not.toContain("Cannot complete");
    }
    expectWhole(await uclient(server, "udp", [...login, ...toEachOther]), 40);
  });

  // -R overwrites up to nine bytes of every tenth message before it is sent, whatever it is: data is lost by that, and
  // who broke a request of its own may wait for ever, with any server. What counts is everybody else.
  it.for(["udp", "tcp"] as const)(
    "break their messages over %s, and harm nobody",
    async (protocol) => {
      const args = [...login, ...toEachOther];
      const broken = [1, 2, 3].map(() => uclient(server, protocol, [...args, "-R"], 8_000));
      expectWhole(await uclient(server, protocol, args), 40);
      await Promise.all(broken);
      expectWhole(await uclient(server, protocol, args), 40);
    },
  );

  it("learn their own address", async () => {
    const port = String(server.portOf("udp"));
    const stun = await runTool("turnutils_stunclient", ["-p", port, host]);
    expect(stun.output).toMatch(/UDP reflexive addr: 127\.0\.0\.1:\d+/);
    expect(stun.exitCode).toBe(0);
    const nat = await runTool("turnutils_natdiscovery", ["-m", "-f", "-p", port, host]);
    expect(nat.output.match(/UDP reflexive addr: 127\.0\.0\.1:\d+/g)?.length).toBeGreaterThan(1);
    expect(nat.exitCode).toBe(0);
  });
});

describe.skipIf(!hasCoturnTools)("coturn's clients over TLS", { timeout: 90_000 }, () => {
  let server: ForeignRelay;

  beforeAll(async () => {
    server = await startForeignRelay({ minPort: 16_000, maxPort: 16_999, limits });
  });

  afterAll(async () => {
    const { restarts } = server.relay.stats();
    await server.relay.close();
    expect(restarts).toBe(0);
    const worse = server.lines.filter(({ level }) => level === "warn" || level === "error");
    expect(worse).toEqual([]);
  });

  // They take one message of each TLS record and lose what else is in it, with any server; so it is the relay that is
  // asked what it handed on.
  it.each([
    ["channels", 40, toEachOther],
    ["indications", 40, [...toEachOther, "-s"]],
    ["channels of twenty pairs", 400, ["-y", "-c", "-m", "20", "-n", "20", "-z", "10"]],
  ] as const)("lose nothing on the way by %s", async (_name, messages, args) => {
    const before = await server.figures();
    const { exitCode, output } = await uclient(server, "tls", [...login, ...args]);
    const after = await server.figures();
    const { sent, received, errors } = readUclient(output);
    expect([sent, errors, exitCode], output.slice(-2000)).toEqual([messages, [], 0]);
    expect(received).toBeGreaterThan(messages / 2);
    expect(after.packetsIn - before.packetsIn).toBe(messages);
    expect(after.packetsOut - before.packetsOut).toBe(messages);
    expect(after.drops).toEqual(before.drops);
    expect(after.socketErrors).toBe(0);
  });
});
