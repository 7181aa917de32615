import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createGateway } from "./app.ts";
import { type Config, loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

function config(...flags: string[]): Config {
  const hosts = ["http", "rtmp", "flv-tcp", "rtc", "turn"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  return loadConfig({
    args: [...hosts, "--transcode-engine=none", "--shutdown-drain-seconds=1", ...flags],
    readFile: () => "",
  }).config;
}

describe("createGateway", () => {
  it("opens every listener and closes them all, again and again", async () => {
    for (let round = 0; round < 3; round++) {
      const gateway = await createGateway(config("--demo"), { log: silentLog });
      expect(gateway.addresses()).toEqual({});
      await gateway.start();
      const { http, rtmp, rtc, turn = [] } = gateway.addresses();
      expect(turn.map(({ protocol }) => protocol)).toEqual(["udp", "tcp"]);
      expect(gateway.registry.get("live/demo")?.state).toBe("live");
      await Promise.all([gateway.close(), gateway.close()]);
      expect(gateway.addresses()).toEqual({});
      expect(gateway.registry.list()).toEqual([]);
      // The ports are free again.
      for (const port of [http?.port, rtmp?.port, turn[1]?.port]) {
        const server = createServer().listen(port, "127.0.0.1");
        await once(server, "listening");
        server.close();
      }
      for (const port of [rtc?.port, turn[0]?.port]) {
        const socket = createSocket("udp4").bind(port, "127.0.0.1");
        await once(socket, "listening");
        socket.close();
      }
    }
  });

  it.each([
    ["http", "http"],
    ["rtmp", "rtmp"],
    ["flvTcp", "flv-tcp"],
    ["turn", "turn"],
  ])("leaves nothing open when the port of %s is taken", async (section, flag) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const gateway = await createGateway(config(`--${flag}-port=${port}`), { log: silentLog });
    await expect(gateway.start()).rejects.toThrow(`Change ${section}.host or ${section}.port.`);
    expect(gateway.addresses()).toEqual({});
    taken.close();
  });

  it("leaves nothing open when it is closed while it starts", async () => {
    const gateway = await createGateway(config("--demo"), { log: silentLog });
    const starting = gateway.start();
    await gateway.close();
    await starting;
    expect(gateway.addresses()).toEqual({});
    expect(gateway.registry.list()).toEqual([]);
  });

  it("takes signaling below its path only, and refuses other upgrades", async () => {
    const gateway = await createGateway(config("--http-base-path=/v"), { log: silentLog });
    await gateway.start();
    const url = `http://127.0.0.1:${gateway.addresses().http?.port}`;
    const polling = "socket.io/?EIO=4&transport=polling";
    expect((await fetch(`${url}/v/${polling}`)).status).toBe(200);
    expect((await fetch(`${url}/${polling}`)).status).toBe(404);
    await gateway.close();
  });
});
