import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { UdpSocket } from "./udp-socket.ts";

function open(port = 0, host = "127.0.0.1"): UdpSocket & { readonly got: Buffer[] } {
  const got: Buffer[] = [];
  const socket = UdpSocket.open({
    host,
    family: 4,
    port,
    recvBufferBytes: 65_536,
    maxQueuedBytes: 65_536,
    receiver: { datagram: (data) => void got.push(Buffer.from(data)) },
    error: () => {},
  });
  return Object.assign(socket, { got });
}

describe("UdpSocket", () => {
  it("is bound when it is there, and throws the system's error at once when it cannot be", async () => {
    const socket = open();
    expect(socket.port).toBeGreaterThan(0);
    expect(() => open(socket.port)).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    expect(() => open(0, "192.0.2.1")).toThrow(expect.objectContaining({ code: "EADDRNOTAVAIL" }));
    await socket.close();
    const again = open(socket.port);
    await again.close();
  });

  it("sends whole datagrams and datagrams of parts", async () => {
    const [from, to] = [open(), open()];
    expect(from.send(Buffer.from("one"), "127.0.0.1", to.port)).toBe(true);
    from.sendParts(Buffer.from("he"), Buffer.from("ader"), 0, "127.0.0.1", to.port);
    from.sendParts(Buffer.from("a"), Buffer.from("b"), 3, "127.0.0.1", to.port);
    from.sendParts(Buffer.from("a"), new Uint8Array(), 1, "127.0.0.1", to.port);
    from.send(new Uint8Array(), "127.0.0.1", to.port);
    await expect.poll(() => to.got.length).toBe(5);
    expect(to.got.map(String)).toEqual(["one", "header", "ab\0\0\0", "a\0", ""]);
    await Promise.all([from.close(), to.close()]);
  });

  it("sends in the tick of the call, as long as the kernel takes it", async () => {
    const socket = open();
    const target = createSocket("udp4").bind(0, "127.0.0.1");
    await once(target, "listening");
    const arrived = once(target, "message");
    socket.send(Buffer.from("now"), "127.0.0.1", target.address().port);
    // Closed before any later tick could send.
    await socket.close();
    expect(String((await arrived)[0])).toBe("now");
    target.close();
  });

  it("survives what cannot be sent", async () => {
    const [from, to] = [open(), open()];
    from.send(Buffer.alloc(65_508), "127.0.0.1", to.port);
    from.send(Buffer.from("x"), "255.255.255.255", 9);
    from.send(Buffer.from("x"), "127.0.0.1", 1);
    from.send(Buffer.from("good"), "127.0.0.1", to.port);
    await expect.poll(() => to.got.map(String)).toEqual(["good"]);
    await Promise.all([from.close(), to.close()]);
  });

  it("sends nothing after close, which may be called twice", async () => {
    const socket = open();
    await Promise.all([socket.close(), socket.close()]);
    expect(socket.send(Buffer.from("x"), "127.0.0.1", 9)).toBe(false);
    expect(socket.sendParts(Buffer.from("x"), Buffer.from("y"), 1, "127.0.0.1", 9)).toBe(false);
  });
});
