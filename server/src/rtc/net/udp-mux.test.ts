import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { silentLog } from "../../core/log.ts";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import type { IceHandler } from "./ice-session.ts";
import { writeTestCheck } from "./test-check.ts";
import { UdpMux, type UdpMuxOptions } from "./udp-mux.ts";

const NOTHING: IceHandler = { onDtls() {}, onMedia() {}, onCheck() {} };

function open(options: Partial<UdpMuxOptions> = {}): Promise<UdpMux> {
  return UdpMux.open({
    port: 0,
    host: "127.0.0.1",
    announcedIps: undefined,
    clock: new FakeClock(),
    log: silentLog,
    limits: DEFAULT_RTC_LIMITS,
    ...options,
  });
}

const has6 = Object.values(networkInterfaces()).some((list) =>
  list?.some((entry) => entry.address === "::1"),
);

describe("the UDP port", () => {
  test("answers a check over a real socket", async () => {
    const mux = await open();
    const session = mux.openSession(NOTHING);
    const { ufrag, pwd } = session.credentials;
    const client = createSocket("udp4");
    client.send(writeTestCheck({ username: `${ufrag}:x`, password: pwd }), mux.port, "127.0.0.1");
    const [answer] = (await once(client, "message")) as [Buffer];
    expect(answer.readUInt16BE(0)).toBe(0x0101);
    expect(mux.candidates()).toMatchObject([{ address: "127.0.0.1", port: mux.port }]);
    expect(mux.counters).toMatchObject({ received: 1, sent: 1, stunAnswered: 1 });
    client.close();
    session.close();
    await mux.close();
    await mux.close();
  });

  test.skipIf(!has6)("is the same on IPv6", async () => {
    const mux = await open({ host: undefined, announcedIps: ["127.0.0.1", "::1"] });
    const session = mux.openSession(NOTHING);
    const { ufrag, pwd } = session.credentials;
    const client = createSocket("udp6");
    client.send(writeTestCheck({ username: `${ufrag}:x`, password: pwd }), mux.port, "::1");
    const [answer] = (await once(client, "message")) as [Buffer];
    expect(answer.readUInt16BE(0)).toBe(0x0101);
    expect(session.selected?.address).toBe("::1");
    expect(mux.candidates().map((candidate) => candidate.address)).toEqual(["127.0.0.1", "::1"]);
    client.close();
    session.close();
    await mux.close();
  });

  test("that is in use is refused", async () => {
    const mux = await open();
    await expect(open({ port: mux.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await mux.close();
  });

  test("refuses a host or announced address that is none, and leaves the port free", async () => {
    await expect(open({ host: "localhost" })).rejects.toThrow(TypeError);
    await expect(open({ announcedIps: ["example.org"] })).rejects.toThrow(TypeError);
  });

  test("sending after it is closed is counted and harmless", async () => {
    const mux = await open();
    const session = mux.openSession(NOTHING);
    const { ufrag, pwd } = session.credentials;
    const client = createSocket("udp4");
    client.send(writeTestCheck({ username: `${ufrag}:x`, password: pwd }), mux.port, "127.0.0.1");
    await once(client, "message");
    await mux.close();
    session.send(Uint8Array.of(1));
    expect(mux.counters.sendClosed).toBe(1);
    client.close();
    session.close();
  });

  test("counts sends that the kernel refuses, and goes on", async () => {
    const mux = await open();
    const session = mux.openSession(NOTHING);
    const { ufrag, pwd } = session.credentials;
    const client = createSocket("udp4");
    const check = (): Buffer => writeTestCheck({ username: `${ufrag}:x`, password: pwd });
    client.send(check(), mux.port, "127.0.0.1");
    await once(client, "message");
    // Longer than UDP allows: EMSGSIZE.
    for (let i = 0; i < 64; i++) session.send(new Uint8Array(70_000));
    client.send(check(), mux.port, "127.0.0.1");
    await once(client, "message");
    expect(mux.counters.sendErrors).toBeGreaterThanOrEqual(1);
    client.close();
    session.close();
    await mux.close();
  });
});
