import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { childCommand } from "./child-command.ts";
import type { TurnEvent } from "./message.ts";
import { startTurn, type TurnRelay, type TurnSupervision } from "./start-turn.ts";
import { type LogLine, testLog, testTurnOptions } from "./test-options.ts";

const command = childCommand("test-child");
const quick: Partial<TurnSupervision> = { checkMs: 50, firstRestartMs: 20, maxRestartMs: 50 };
const relays: TurnRelay[] = [];

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close();
});

interface Started {
  readonly relay: TurnRelay;
  readonly lines: readonly LogLine[];
  readonly events: readonly TurnEvent[];
  logged(message: string): Promise<LogLine>;
  happened(type: string): Promise<TurnEvent>;
}

async function start(
  change: Parameters<typeof testTurnOptions>[0] = {},
  supervision: Partial<TurnSupervision> = {},
): Promise<Started> {
  const { log, lines, logged } = testLog();
  const events: TurnEvent[] = [];
  const waiting = new Set<() => void>();
  const onEvents = (batch: readonly TurnEvent[]): void => {
    events.push(...batch);
    for (const look of waiting) look();
  };
  const options = testTurnOptions(change);
  const ports = { log, onEvents, command, supervision: { ...quick, ...supervision } };
  const relay = await startTurn(options, ports);
  relays.push(relay);
  return {
    relay,
    lines,
    events,
    logged,
    happened: (type) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find((event) => event.type === type);
          if (found !== undefined) resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether a UDP port of 127.0.0.1 can be had. */
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  const [error] = (await Promise.race([
    once(socket.bind(port, "127.0.0.1"), "listening"),
    once(socket, "error"),
  ]).catch((cause: unknown) => [cause])) as [unknown?];
  if (error === undefined) socket.close();
  return error === undefined;
}

describe("startTurn", () => {
  it("tells where it listens, what happens and figures, and ends the process", async () => {
    const { relay, happened, logged } = await start();
    const [at] = relay.addresses;
    expect(at).toMatchObject({ protocol: "udp", host: "127.0.0.1" });
    expect((await happened("allocated")).details).toMatchObject({ id: "1" });
    expect(await logged("opened")).toMatchObject({
      level: "warn",
      fields: { err: { type: "RangeError", message: "odd" } },
    });
    await until(() => relay.stats().relay !== undefined);
    expect(relay.stats()).toEqual({ restarts: 0, relay: { secrets: 1 } });
    const pid = relay.pid ?? 0;
    expect(alive(pid)).toBe(true);
    await Promise.all([relay.close("TEST", 20), relay.close()]);
    expect((await happened("released")).details).toMatchObject({ lifetimeSeconds: 20 });
    expect(alive(pid)).toBe(false);
    expect(relay.pid).toBeUndefined();
    expect(await isFree(at?.port ?? 0)).toBe(true);
  });

  it("gives secrets to the process by its pipe alone, and none of our environment", async () => {
    process.env["MILLRACE_TURN_SECRET"] = "secret-of-the-environment";
    try {
      const { relay, happened } = await start({ secrets: ["secret-of-the-options"] });
      const given = String((await happened("allocated")).details.user);
      expect(given).toContain("PATH");
      expect(given).not.toContain("secret-of");
      await until(() => relay.stats().relay !== undefined);
    } finally {
      delete process.env["MILLRACE_TURN_SECRET"];
    }
  });

  it("says which port is taken, and leaves no process", async () => {
    const taken = createSocket("udp4").bind(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address();
    const listen = [{ protocol: "udp" as const, host: "127.0.0.1", port }];
    await expect(start({ listen })).rejects.toMatchObject({
      name: "TurnStartError",
      code: "EADDRINUSE",
      port,
      message: `TURN cannot listen on 127.0.0.1 port ${port}: EADDRINUSE`,
    });
    taken.close();
  });

  it("says why it cannot start, and does not wait for ever", async () => {
    await expect(start({ realm: "throws" })).rejects.toThrow("TURN cannot start: planted fault");
    await expect(start({ realm: "never" }, { startTimeoutMs: 1500 })).rejects.toThrow("in time");
    const broken = { ...command, entry: `${command.entry}.missing` };
    const { log } = testLog();
    await expect(startTurn(testTurnOptions(), { log, command: broken })).rejects.toThrow(
      "TURN cannot start",
    );
  });

  it("comes back on the same port when it crashes, and reports it", async () => {
    const { relay, logged } = await start();
    const { addresses, pid } = relay;
    const client = createSocket("udp4");
    client.send("x", addresses[0]?.port ?? 0, "127.0.0.1");
    const crash = await logged("the TURN process ended by itself; it is started again");
    client.close();
    expect(crash).toMatchObject({
      level: "error",
      fields: { code: "TURN_CRASHED", exitCode: 1, inMs: 20 },
    });
    expect(JSON.stringify(crash.fields)).toContain("planted crash");
    await logged("TURN is back");
    expect(relay.addresses).toEqual(addresses);
    expect(relay.pid).not.toBe(pid);
    expect(relay.stats().restarts).toBe(1);
    expect(await isFree(addresses[0]?.port ?? 0)).toBe(false);
  });

  it("waits longer after each crash, up to a limit", async () => {
    const { relay, lines, logged } = await start();
    for (let crash = 1; crash <= 4; crash++) {
      const before = relay.pid ?? 0;
      process.kill(before, "SIGKILL");
      await until(() => relay.stats().restarts === crash && relay.pid !== before);
      await until(() => lines.filter(({ message }) => message === "TURN is back").length === crash);
    }
    await logged("TURN is back");
    const waits = lines.flatMap(({ fields }) => ("inMs" in fields ? [fields["inMs"]] : []));
    expect(waits).toEqual([20, 40, 50, 50]);
  });

  it("tries again while its port is taken after a crash", async () => {
    const { relay, logged, lines } = await start({}, { firstRestartMs: 300, maxRestartMs: 300 });
    const port = relay.addresses[0]?.port ?? 0;
    process.kill(relay.pid ?? 0, "SIGKILL");
    await logged("the TURN process ended by itself; it is started again");
    const thief = createSocket("udp4").bind(port, "127.0.0.1");
    await once(thief, "listening");
    await until(() => JSON.stringify(lines).includes("EADDRINUSE"));
    thief.close();
    await logged("TURN is back");
    expect(relay.addresses[0]?.port).toBe(port);
  });

  it("replaces a process that hangs", async () => {
    const { relay, logged } = await start();
    const pid = relay.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    expect((await logged("the TURN process does not answer")).fields["code"]).toBe("TURN_HUNG");
    await logged("TURN is back");
    expect(alive(pid)).toBe(false);
  });

  it("ends a process that does not stop", async () => {
    const { relay } = await start({ realm: "stuck" }, { stopTimeoutMs: 100 });
    const pid = relay.pid ?? 0;
    await relay.close("TEST", 50);
    expect(alive(pid)).toBe(false);
  });

  it("does not come back after close, although it had crashed", async () => {
    const { relay, logged, lines } = await start({}, { firstRestartMs: 50 });
    process.kill(relay.pid ?? 0, "SIGKILL");
    await logged("the TURN process ended by itself; it is started again");
    await relay.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(relay.pid).toBeUndefined();
    expect(lines.some(({ message }) => message === "TURN is back")).toBe(false);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "is not ended by %s to the group",
    async (signal) => {
      const { relay } = await start();
      const pid = relay.pid ?? 0;
      process.kill(pid, signal);
      await until(() => relay.stats().relay !== undefined);
      expect(relay.pid).toBe(pid);
      expect(relay.stats().restarts).toBe(0);
    },
  );

  it("ends when its supervisor vanishes", async () => {
    const entry = fileURLToPath(new URL("./test-supervisor.ts", import.meta.url));
    const loader = ["--import", "tsx", "--conditions=source"];
    const supervisor: ChildProcess = spawn(process.execPath, [...loader, entry], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(
      createInterface({ input: supervisor.stdout ?? process.stdin }),
      "line",
    )) as [string];
    const pid = Number(line);
    expect(alive(pid)).toBe(true);
    supervisor.kill("SIGKILL");
    await until(() => !alive(pid));
  });
});
