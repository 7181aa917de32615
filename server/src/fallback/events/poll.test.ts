import { Agent } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type Answered, ask, eventsOf, RawClient } from "./test-client.ts";
import { Rig, type RigLimits } from "./test-rig.ts";

let rig: Rig;
const agents: Agent[] = [];

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await rig.close();
  expect(rig.clock.timers).toBe(0);
  expect(rig.fragments.leases).toBe(0);
});

async function start(limits: RigLimits = {}): Promise<void> {
  rig = await Rig.start(limits);
}

const poll = (query = "", options: Parameters<typeof ask>[2] = {}): Promise<Answered> =>
  ask(rig.port, `/live/cam.poll${query}`, options);

/** Where a newcomer stands. */
async function begin(): Promise<string> {
  return eventsOf(await poll()).next;
}

/** Waits until this many requests are held. */
async function held(count: number): Promise<void> {
  while ([...rig.responses].filter((response) => !response.headersSent).length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("answers", () => {
  test("a newcomer has the state at once, with exact length and nothing to cache", async () => {
    await start();
    const answer = await poll();
    const { events, next } = eventsOf(answer);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(answer.body.length),
      "cache-control": "no-cache, no-store",
      "millrace-next": next,
      "access-control-expose-headers": "Millrace-Next, Millrace-Session",
    });
    expect(events.map(({ event }) => event)).toEqual(["stream", "capture"]);
    expect(events[0]?.data).toMatchObject({ name: "live/cam", state: "live", viewers: 0 });
    expect(rig.stream.viewers.size).toBe(0);
  });

  test("what is newer already is answered at once", async () => {
    await start();
    const next = await begin();
    rig.stream.addHint("A", "One.");
    rig.stream.addHint("B", "Two.");
    const { events } = eventsOf(await poll(`?after=${next}`));
    expect(events.map(({ id }) => id)).toEqual([next.replace(/0$/, "1"), next.replace(/0$/, "2")]);
  });

  test("a held request is answered by the event, in its own turn", async () => {
    await start();
    const answer = poll(`?after=${await begin()}`);
    await held(1);
    const [response] = rig.responses;
    rig.stream.addHint("A", "One.");
    expect(response?.headersSent).toBe(true);
    expect(eventsOf(await answer).events).toMatchObject([
      { event: "stream", data: { hints: [{ code: "A", message: "One." }] } },
    ]);
  });

  test("all who wait for the same event are sent the same bytes", async () => {
    await start();
    const next = await begin();
    const answers = [1, 2, 3].map(() => poll(`?after=${next}`));
    await held(3);
    rig.stream.addHint("A", "One.");
    const bodies = (await Promise.all(answers)).map(({ body }) => body.toString());
    expect(new Set(bodies).size).toBe(1);
  });

  test.each(["elsewhere.3", "nonsense", "x".repeat(3000)])(
    "the id of another incarnation is answered with a reset and the state",
    async (after) => {
      await start();
      const { events } = eventsOf(await poll(`?after=${after}`));
      expect(events.map(({ event }) => event)).toEqual(["reset", "stream", "capture"]);
    },
  );

  test("the end of the stream answers with the last state and goodbye", async () => {
    await start();
    const answer = poll(`?after=${await begin()}`);
    await held(1);
    rig.stream.end("KICKED");
    expect(eventsOf(await answer).events.map(({ event, data }) => ({ event, data }))).toMatchObject(
      [
        { event: "stream", data: { state: "offline" } },
        { event: "bye", data: { reason: "KICKED" } },
      ],
    );
    expect((await poll()).status).toBe(404);
  });

  test("HEAD has the headers, holds nothing, begins nothing", async () => {
    await start();
    const { status, headers, body } = await poll("?after=x", { method: "HEAD" });
    expect([status, headers["content-type"], body.length]).toEqual([200, "application/json", 0]);
    expect(rig.hub.size.logs).toBe(0);
  });
});

describe("the hold", () => {
  test.each([
    ["", 25_000],
    ["&hold=5", 5_000],
    ["&hold=300", 54_000],
  ])("%j ends after its time with 204 and the same place", async (query, ms) => {
    await start();
    const next = await begin();
    const answer = poll(`?after=${next}${query}`);
    await held(1);
    rig.clock.advance(ms - 1);
    expect(rig.responses.size).toBe(1);
    rig.clock.advance(1);
    const { status, headers, body } = await answer;
    expect([status, headers["millrace-next"], body.length]).toEqual([204, next, 0]);
  });

  test("hold=0 asks without waiting", async () => {
    await start();
    expect((await poll(`?after=${await begin()}&hold=0`)).status).toBe(204);
  });

  test("a second later the connection is cut when even that answer did not go out", async () => {
    await start();
    const next = await begin();
    const asked = poll(`?after=${next}&hold=5`).catch((error: Error) => error);
    await held(1);
    const [response] = rig.responses;
    // A network that takes nothing.
    Object.assign(response?.socket ?? {}, { _write: () => {}, _writev: () => {} });
    rig.clock.advance(5_999);
    expect(response?.destroyed).toBe(false);
    rig.clock.advance(1);
    expect(response?.destroyed).toBe(true);
    expect(await asked).toBeInstanceOf(Error);
  });

  test("a client that goes is forgotten at once", async () => {
    await start({ poll: { maxInAll: 1 } });
    const next = await begin();
    const abort = new AbortController();
    const first = poll(`?after=${next}`, { signal: abort.signal }).catch(() => "gone");
    await held(1);
    const gone = new Promise((resolve) => [...rig.responses][0]?.once("close", resolve));
    abort.abort();
    await gone;
    expect(await first).toBe("gone");
    const second = poll(`?after=${next}`);
    await held(1);
    rig.stream.addHint("A", "One.");
    expect((await second).status).toBe(200);
  });
});

describe.each([
  ["one lasting connection", true],
  ["a connection for each request", false],
])("over %s", (_how, lasting) => {
  test("no event is lost or told twice, whenever it comes", async () => {
    await start();
    const agent = new Agent({ keepAlive: lasting, maxSockets: 1 });
    agents.push(agent);
    const headers = lasting ? {} : { Connection: "close" };
    let connections = 0;
    rig.server.on("connection", () => connections++);
    let next = eventsOf(await poll("", { agent, headers })).next;
    const codes: string[] = [];
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      // Before, while and after the request is on its way, and twice in a row.
      if (round % 3 === 0) rig.stream.addHint(`${round}`, "");
      const asked = poll(`?after=${next}`, { agent, headers });
      if (round % 3 === 1) await held(1);
      if (round % 3 !== 0) rig.stream.addHint(`${round}`, "");
      if (round % 4 === 0) rig.stream.addHint(`${round} again`, "");
      const answer = await asked;
      const told = eventsOf(answer);
      codes.push(...told.events.map(({ data }) => (data as Status).hints.at(-1)?.code ?? ""));
      next = told.next;
      expect(answer.headers.connection).toBe(lasting ? "keep-alive" : "close");
    }
    const last = await poll(`?after=${next}&hold=0`, { agent, headers });
    if (last.status === 200) {
      codes.push(
        ...eventsOf(last).events.map(({ data }) => (data as Status).hints.at(-1)?.code ?? ""),
      );
    }
    const expected = Array.from({ length: rounds }, (_, round) =>
      round % 4 === 0 ? [`${round}`, `${round} again`] : [`${round}`],
    ).flat();
    expect(codes).toEqual(expected);
    expect(connections).toBe(lasting ? 1 : rounds + 2);
  });
});

interface Status {
  readonly hints: readonly { readonly code: string }[];
}

test("an answer that was lost on the way is given again", async () => {
  await start();
  const next = await begin();
  const client = new RawClient(
    rig.port,
    `GET /live/cam.poll?after=${next} HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  await held(1);
  client.socket.destroy();
  rig.stream.addHint("A", "One.");
  const { events } = eventsOf(await poll(`?after=${next}`));
  expect(events).toHaveLength(1);
});

test("HTTP/1.0 has its length, too", async () => {
  await start();
  const client = new RawClient(rig.port, "GET /live/cam.poll HTTP/1.0\r\n\r\n");
  const text = await client.end();
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toContain(`Content-Length: ${body.length}`);
  expect(head).not.toMatch(/transfer-encoding/i);
});

describe("limits of held requests", () => {
  test.each([
    ["maxPerAddress", 429, "LISTENERS_PER_ADDRESS"],
    ["maxPerStream", 503, "LISTENERS_FULL"],
    ["maxInAll", 503, "LISTENERS_FULL"],
  ] as const)("%s: one more is refused until one is answered", async (limit, status, code) => {
    await start({ poll: { [limit]: 2 } });
    const next = await begin();
    const both = [poll(`?after=${next}`), poll(`?after=${next}`)];
    await held(2);
    const refused = await poll(`?after=${next}`);
    expect([refused.status, refused.body.toString()]).toEqual([status, code]);
    expect(refused.headers["retry-after"]).toBe("5");
    // What can be answered at once is no burden.
    expect((await poll()).status).toBe(200);
    rig.clock.advance(25_000);
    expect((await Promise.all(both)).map((answer) => answer.status)).toEqual([204, 204]);
    const third = poll(`?after=${next}`);
    await held(1);
    rig.stream.addHint("A", "One.");
    expect((await third).status).toBe(200);
  });
});

test("at a shutdown held requests are answered with goodbye on connections that end", async () => {
  await start();
  const next = await begin();
  const asked = poll(`?after=${next}`, { headers: { Connection: "keep-alive" } });
  await held(1);
  rig.poll.close("SERVER_CLOSING");
  rig.poll.close("SERVER_CLOSING");
  const answer = await asked;
  expect(eventsOf(answer)).toEqual({
    events: [{ id: next, event: "bye", data: { reason: "SERVER_CLOSING" } }],
    next,
  });
  expect(answer.headers.connection).toBe("close");
  expect((await poll()).status).toBe(503);
});
