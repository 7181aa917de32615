import { beforeEach, describe, expect, test } from "vitest";
import { ConnectionRig, offerTo } from "./testing/index.ts";

let rig: ConnectionRig;
beforeEach(() => {
  rig = new ConnectionRig();
});

const refusal = (code: string): object => ({
  ok: false,
  error: { code, message: expect.any(String) },
});

describe("publish", () => {
  test.each([
    [{}, undefined],
    [{ takeOver: true }, true],
    [{ takeOver: false }, false],
  ])("%j: the gateway is asked whether to take over", async (wish, takeOver) => {
    await rig.connect().ask("publish", { stream: "live/cam", ...wish });
    expect(rig.gateway.last.request).toMatchObject({ action: "publish" });
    expect(rig.gateway.last.request.takeOver).toBe(takeOver);
  });

  test("a viewer takes nothing over", async () => {
    await rig.connect().ask("watch", { stream: "live/cam", takeOver: true });
    expect(rig.gateway.last.request.takeOver).toBeUndefined();
  });
});

describe("prefer", () => {
  test("reaches the session as it was said, absent members left out", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    const viewport = { width: 1, height: 16_384 };
    for (const wish of [{ rid: "h" }, { rid: null, viewport }, { viewport: null }, {}]) {
      expect(await client.ask("prefer", { session, ...wish, later: 1 })).toEqual({ ok: true });
    }
    expect(rig.gateway.last.preferences).toEqual([
      { rid: "h" },
      { rid: null, viewport },
      { viewport: null },
      {},
    ]);
  });

  test("of a session without layers is no error", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    Object.assign(rig.gateway.last, { prefer: undefined });
    expect(await client.ask("prefer", { session, rid: "h" })).toEqual({ ok: true });
  });

  test("of another connection's session is not found", async () => {
    const { session } = await rig.connect().watch();
    const reply = await rig.connect().ask("prefer", { session, rid: "h" });
    expect(reply).toEqual(refusal("SESSION_NOT_FOUND"));
    expect(rig.gateway.last.preferences).toEqual([]);
  });

  test("is limited", async () => {
    rig = new ConnectionRig({ preferences: { perSecond: 1, burst: 2 } });
    const client = rig.connect();
    const { session } = await client.watch();
    const replies = [];
    for (let n = 0; n < 3; n += 1) replies.push(await client.ask("prefer", { session }));
    expect(replies).toEqual([{ ok: true }, { ok: true }, refusal("RATE_LIMITED")]);
    rig.clock.advance(1000);
    expect(await client.ask("prefer", { session })).toEqual({ ok: true });
  });
});

describe("layer", () => {
  test("is pushed when it changes, the latest of several", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    const { observer } = rig.gateway.last;
    for (const rid of ["q", "h", "f", null, "h"]) observer.layer?.(rid);
    expect(client.pushes).toEqual([{ event: "layer", message: { session, rid: "q" } }]);
    rig.clock.advance(250);
    observer.layer?.("h");
    rig.clock.advance(250);
    observer.layer?.(null);
    expect(client.pushes.map(({ message }) => message)).toEqual([
      { session, rid: "q" },
      { session, rid: "h" },
      { session, rid: null },
    ]);
  });

  test("that was chosen while the session was opened follows the reply", async () => {
    const open = rig.gateway.open.bind(rig.gateway);
    rig.gateway.open = async (request, observer) => {
      observer.layer?.("q");
      return await open(request, observer);
    };
    const client = rig.connect();
    const { session } = await client.watch();
    await Promise.resolve();
    expect(client.pushes).toEqual([{ event: "layer", message: { session, rid: "q" } }]);
  });

  test("is told again to whom resumes", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    rig.gateway.last.observer.layer?.("q");
    first.connection.close("lost");
    rig.gateway.last.observer.layer?.("h");
    const second = rig.connect();
    await second.ask("resume", { session, resume });
    expect(second.pushes).toEqual([{ event: "layer", message: { session, rid: "h" } }]);
    expect(first.pushes).toHaveLength(1);
  });
});

describe("renegotiate", () => {
  test("is pushed each time the gateway asks", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    rig.gateway.last.observer.renegotiate?.();
    rig.gateway.last.observer.renegotiate?.();
    const push = { event: "renegotiate", message: { session } };
    expect(client.pushes).toEqual([push, push]);
  });

  test("is asked again of whom resumes, until an offer has come", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    rig.gateway.last.observer.renegotiate?.();
    first.connection.close("lost");
    const second = rig.connect();
    await second.ask("resume", { session, resume });
    expect(second.pushes).toEqual([{ event: "renegotiate", message: { session } }]);
    await second.ask("description", offerTo(session));
    second.connection.close("lost");
    const third = rig.connect();
    await third.ask("resume", { session, resume });
    expect(third.pushes).toEqual([]);
  });

  test("nothing is pushed after the end", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    const { observer } = rig.gateway.last;
    await client.ask("leave", { session });
    observer.renegotiate?.();
    observer.layer?.("h");
    expect(client.pushes).toEqual([]);
    rig.clock.advance(60_000);
    expect(rig.clock.timers).toBe(0);
  });
});

test("a client that is cut off by the reply to its own message leaves nothing behind", async () => {
  for (const event of ["watch", "call"]) {
    const client = rig.connect();
    await new Promise<void>((resolve) =>
      client.connection.receive(event, { stream: "s", room: "r" }, () => {
        client.connection.close("lost");
        resolve();
      }),
    );
  }
  expect([rig.book.size, rig.rooms.size]).toEqual([1, 1]);
  rig.clock.advance(10_000);
  expect([rig.book.size, rig.rooms.size, rig.clock.timers]).toEqual([0, 0, 0]);
  expect(rig.gateway.last.closeReason).toBe("SIGNALING_LOST");
});
