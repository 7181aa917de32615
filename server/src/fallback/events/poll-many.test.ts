import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { defaultPollLimits } from "./limits.ts";
import { ask, eventsOf } from "./test-client.ts";
import { Rig } from "./test-rig.ts";

const count = 1000;
/** Server and client sides together; both are in this process. */
const maxBytesPerHold = 100_000;

let rig: Rig;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await rig.close();
});

/** A held poll on a socket of its own; gives the body of its answer. */
function hold(after: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(rig.port, "127.0.0.1");
    sockets.push(socket);
    let text = "";
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const [head = "", body = ""] = text.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body.length === length) resolve(body);
    });
    socket.write(`GET /live/cam.poll?after=${after} HTTP/1.1\r\nHost: a\r\n\r\n`);
  });
}

async function heldRequests(): Promise<void> {
  while (rig.responses.size < count) await new Promise((resolve) => setImmediate(resolve));
}

test("a thousand held polls cost little and are all answered by one event", async () => {
  rig = await Rig.start();
  const { next } = eventsOf(await ask(rig.port, "/live/cam.poll"));
  const before = process.memoryUsage().rss;
  const answers = Array.from({ length: count }, () => hold(next));
  await heldRequests();
  const grown = process.memoryUsage().rss - before;
  expect(grown / count).toBeLessThan(maxBytesPerHold);
  rig.stream.addHint("A", "For all.");
  // Nobody else's media waits until a thousand answers are written.
  const answeredAtOnce = [...rig.responses].filter(({ headersSent }) => headersSent);
  expect(answeredAtOnce).toHaveLength(defaultPollLimits.maxAnswersPerTurn);
  const bodies = await Promise.all(answers);
  expect(bodies).toHaveLength(count);
  expect(new Set(bodies).size).toBe(1);
  expect(JSON.parse(bodies[0] ?? "").events).toMatchObject([{ event: "stream" }]);
  for (const socket of sockets.splice(0)) socket.destroy();
  while (rig.responses.size > 0) await new Promise((resolve) => setImmediate(resolve));
  rig.clock.advance(62_000);
  expect(rig.hub.size.logs).toBe(0);
}, 60_000);
