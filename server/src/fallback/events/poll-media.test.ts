import type { EndRecord, MediaRecord } from "@millrace/media/parts";
import { afterEach, describe, expect, test } from "vitest";
import type { FakeOutput } from "./fake-fragments.ts";
import { type Answered, ask, RawClient, recordsOf } from "./test-client.ts";
import { Rig, type RigLimits } from "./test-rig.ts";

let rig: Rig;

afterEach(async () => {
  await rig.close();
  expect(rig.clock.timers).toBe(0);
  expect(rig.fragments.leases).toBe(0);
});

async function start(limits: RigLimits = {}): Promise<FakeOutput> {
  rig = await Rig.start(limits);
  return rig.fragments.of(rig.stream);
}

const poll = (query = ""): Promise<Answered> => ask(rig.port, `/live/cam.poll?media=1${query}`);

interface Told {
  /** In short: `stream`, `init 1`, `part 3`, `gap 2`. */
  readonly items: string[];
  readonly end: EndRecord;
  /** What to ask next. */
  readonly query: string;
}

function read(answer: Answered): Told {
  const records = recordsOf(answer);
  const end = records.at(-1);
  if (end?.type !== "end") throw new Error("the answer has no end");
  const query = `&after=${end.next}&session=${end.session}`;
  return { items: records.slice(0, -1).map(short), end, query };
}

function short(record: MediaRecord): string {
  if (record.type === "init") return `init ${record.id}`;
  if (record.type === "part") return `part ${record.sequence}`;
  if (record.type === "gap") return `gap ${record.missed}`;
  return record.type === "event" ? record.event : record.type;
}

async function held(count = 1): Promise<void> {
  while ([...rig.responses].filter((response) => !response.headersSent).length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("records", () => {
  test("the first answer: state, init, parts from the latest independent one, session", async () => {
    const output = await start();
    output.pushGroup(2);
    output.pushGroup(2, { size: 1000 });
    const answer = await poll();
    expect(answer.headers).toMatchObject({
      "content-type": "application/vnd.millrace.parts",
      "content-length": String(answer.body.length),
    });
    const { items, end } = read(answer);
    expect(items).toEqual(["stream", "capture", "init 1", "part 3", "part 4"]);
    expect(answer.headers["millrace-next"]).toBe(end.next);
    expect(answer.headers["millrace-session"]).toBe(end.session);
    expect(recordsOf(answer)[4]).toEqual({
      type: "part",
      sequence: 4,
      independent: false,
      discontinuous: false,
      init: 1,
      startUs: 300_000,
      durationUs: 100_000,
      wallMs: 1_700_000_000_300,
      bytes: new Uint8Array(1000).fill(4),
    });
  });

  test("then each part once, held until there is one, and inits only when they change", async () => {
    const output = await start();
    output.pushGroup(1);
    let told = read(await poll());
    const seen: string[] = [];
    for (let round = 0; round < 4; round++) {
      const asked = poll(told.query);
      if (round !== 1) await held();
      if (round === 2) output.reconfigure();
      output.push();
      if (round === 3) output.push();
      told = read(await asked);
      seen.push(...told.items);
    }
    seen.push(...read(await poll(told.query)).items);
    expect(seen).toEqual(["part 2", "part 3", "init 2", "part 4", "part 5", "part 6"]);
  });

  test("an event answers, too, and the place in the media is kept", async () => {
    const output = await start();
    output.pushGroup(2);
    const first = read(await poll());
    const asked = poll(first.query);
    await held();
    rig.stream.addHint("A", "One.");
    const second = read(await asked);
    expect(second.items).toEqual(["stream"]);
    output.push();
    expect(read(await poll(second.query)).items).toEqual(["part 3"]);
  });

  test("nothing new: 204 with place and session in headers", async () => {
    const output = await start();
    output.pushGroup(1);
    const { end, query } = read(await poll());
    const { status, headers } = await poll(`${query}&hold=0`);
    expect(status).toBe(204);
    expect(headers).toMatchObject({ "millrace-next": end.next, "millrace-session": end.session });
  });

  test("no part yet: the state first, media as soon as it comes", async () => {
    const output = await start();
    const first = read(await poll());
    expect(first.items).toEqual(["stream", "capture"]);
    const asked = poll(first.query);
    await held();
    output.pushGroup(1);
    expect(read(await asked).items).toEqual(["init 1", "part 1"]);
  });

  test("no answer is longer than may be by more than one part", async () => {
    const output = await start({ poll: { maxAnswerBytes: 250 } });
    output.pushGroup(5, { size: 100 });
    const first = read(await poll());
    expect(first.items.slice(2)).toEqual(["init 1", "part 1", "part 2", "part 3"]);
    expect(read(await poll(first.query)).items).toEqual(["part 4", "part 5"]);
  });

  test("a gap when the next part is not kept any more, or is of another feed", async () => {
    const output = await start();
    output.pushGroup(1);
    const { query, end } = read(await poll());
    output.pushGroup(2);
    output.pushGroup(2);
    output.forgetBefore(4);
    expect(read(await poll(query)).items).toEqual(["gap 2", "init 1", "part 4", "part 5"]);
    const elsewhere = `&after=${end.next.replace(/\.[^.]+\.1$/, ".elsewhere.1")}`;
    expect(read(await poll(elsewhere)).items).toEqual(["gap 0", "init 1", "part 4", "part 5"]);
  });
});

describe("viewers", () => {
  test("one session is one viewer, over all its requests", async () => {
    const output = await start();
    output.pushGroup(1);
    let told = read(await poll());
    for (let round = 0; round < 3; round++) {
      output.push();
      told = read(await poll(told.query));
    }
    expect(rig.stream.viewers.size).toBe(1);
    const [viewer] = rig.stream.viewers.values();
    expect(viewer?.info.transport).toBe("long-poll");
    expect(viewer?.id).not.toBe(told.end.session);
    expect(viewer?.info.stats?.()).toMatchObject({ partsSent: 4, partsDropped: 0 });
    await poll();
    expect(rig.stream.viewers.size).toBe(2);
  });

  test("is gone some seconds after the last request, not while one is held", async () => {
    const output = await start({ poll: { sessionIdleMs: 10_000 } });
    output.pushGroup(1);
    const first = read(await poll());
    // Whoever comes is an event, for itself, too.
    rig.clock.advance(1_000);
    const { query, items } = read(await poll(first.query));
    expect(items).toEqual(["stream"]);
    const asked = poll(query);
    await held();
    rig.clock.advance(24_000);
    expect(rig.stream.viewers.size).toBe(1);
    output.push();
    await asked;
    rig.clock.advance(9_000);
    expect(rig.stream.viewers.size).toBe(1);
    rig.clock.advance(1_000);
    expect(rig.stream.viewers.size).toBe(0);
  });

  test("a session that is forgotten begins anew and goes on where it was", async () => {
    const output = await start();
    output.pushGroup(1);
    const first = read(await poll());
    rig.clock.advance(15_000);
    expect(rig.stream.viewers.size).toBe(0);
    output.push();
    const second = read(await poll(first.query));
    expect(second.end.session).not.toBe(first.end.session);
    expect(second.items.filter((item) => item.startsWith("part"))).toEqual(["part 2"]);
    expect(rig.stream.viewers.size).toBe(1);
  });

  test("sent away: the held request and the next one hear of it", async () => {
    const output = await start();
    output.pushGroup(1);
    const { query } = read(await poll());
    const asked = poll(query);
    await held();
    const [viewer] = rig.stream.viewers.values();
    viewer?.info.onKick?.("KICKED");
    expect(rig.stream.viewers.size).toBe(0);
    expect(read(await asked).items).toEqual(["bye"]);
    expect(read(await poll(query)).items).toEqual(["bye"]);
    rig.clock.advance(11_000);
    expect((await poll(`${query}&hold=0`)).status).toBe(204);
    expect(rig.stream.viewers.size).toBe(1);
  });

  test("an output that ends says goodbye; asking again leases it anew", async () => {
    const output = await start();
    output.pushGroup(1);
    const { query } = read(await poll());
    const asked = poll(query);
    await held();
    output.end("TRANSCODER_FAILED");
    const records = recordsOf(await asked);
    expect(records[0]).toMatchObject({ event: "bye", data: { reason: "TRANSCODER_FAILED" } });
    expect(read(await poll(query)).items).toEqual(["gap 0", "init 1", "part 1"]);
  });

  test("the end of the stream", async () => {
    const output = await start();
    output.pushGroup(1);
    const { query } = read(await poll());
    const asked = poll(query);
    await held();
    rig.endWith(output);
    expect(read(await asked).items).toEqual(["stream", "bye"]);
    rig.clock.advance(1_000);
    expect(rig.stream.viewers.size).toBe(0);
  });
});

describe("limits", () => {
  test("maxSessions: one more is refused, the others go on", async () => {
    const output = await start({ poll: { maxSessions: 1 } });
    output.pushGroup(1);
    const { query } = read(await poll());
    const refused = await poll();
    expect([refused.status, refused.body.toString()]).toEqual([503, "LISTENERS_FULL"]);
    expect(refused.headers["retry-after"]).toBe("5");
    output.push();
    expect(read(await poll(query)).items).toEqual(["part 2"]);
  });

  test("viewers of the stream: one more is refused and leaves nothing", async () => {
    const output = await start({ maxViewersPerStream: 1 });
    output.pushGroup(1);
    await poll();
    expect((await poll()).status).toBe(503);
    expect(rig.stream.viewers.size).toBe(1);
  });

  test("what is no session id", async () => {
    await start();
    expect((await poll(`&session=${"x".repeat(64)}`)).status).toBe(200);
    expect((await poll(`&session=${"x".repeat(65)}`)).status).toBe(400);
  });

  test("a client that does not take its answer is cut off", async () => {
    const output = await start({ poll: { answerMs: 30_000 } });
    output.pushGroup(1, { size: 20_000_000 });
    const client = new RawClient(
      rig.port,
      "GET /live/cam.poll?media=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    client.socket.pause();
    while (![...rig.responses].some((response) => response.writableEnded)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [response] = rig.responses;
    rig.clock.advance(29_999);
    expect(response?.destroyed).toBe(false);
    rig.clock.advance(1);
    expect(response?.destroyed).toBe(true);
    client.socket.destroy();
  });
});
