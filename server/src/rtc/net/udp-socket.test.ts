import { Socket } from "node:dgram";
import { afterEach, expect, test, vi } from "vitest";
import { createCounters } from "./counters.ts";
import { UdpSocket } from "./udp-socket.ts";

afterEach(() => vi.restoreAllMocks());

test("datagrams that would make more than the limit wait for the kernel are dropped and counted", async () => {
  const counters = createCounters();
  const socket = await UdpSocket.open({
    family: 4,
    host: "127.0.0.1",
    port: 0,
    recvBufferBytes: 65_536,
    sendBufferBytes: 65_536,
    maxSendQueueBytes: 1000,
    counters,
    receive() {},
    error() {},
  });
  const waiting = vi.spyOn(Socket.prototype, "getSendQueueSize");
  const send = (): void => socket.send(new Uint8Array(100), socket.port, "127.0.0.1");
  waiting.mockReturnValue(0);
  send();
  expect(counters).toMatchObject({ sent: 1, sendBusy: 0, sendDropped: 0 });
  waiting.mockReturnValue(900);
  send();
  expect(counters).toMatchObject({ sent: 2, sendBusy: 1, sendDropped: 0 });
  waiting.mockReturnValue(901);
  send();
  expect(counters).toMatchObject({ sent: 2, sendBusy: 2, sendDropped: 1, sentBytes: 200 });
  await socket.close();
});
