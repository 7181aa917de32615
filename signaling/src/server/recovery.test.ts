import { beforeEach, describe, expect, test } from "vitest";
import { liveStatus, offlineStatus } from "../session/testing/index.ts";
import { ConnectionRig, offerTo } from "./testing/index.ts";

let rig: ConnectionRig;
beforeEach(() => {
  rig = new ConnectionRig();
});

const refusal = (code: string): object => ({
  ok: false,
  error: { code, message: expect.any(String) },
});

describe("a lost connection", () => {
  test("its sessions wait for the recovery time, then end", async () => {
    const client = rig.connect();
    await client.watch();
    client.connection.close("lost");
    rig.clock.advance(9_999);
    expect(rig.gateway.last.closeReason).toBeUndefined();
    rig.clock.advance(1);
    expect(rig.gateway.last.closeReason).toBe("SIGNALING_LOST");
    expect([rig.book.size, rig.clock.timers]).toEqual([0, 0]);
  });

  test("another connection resumes with the secret and hears what changed", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    first.connection.close("lost");
    rig.gateway.last.observer.stream({ ...liveStatus("live/cam"), state: "waiting" });
    rig.clock.advance(9_000);
    const second = rig.connect();
    expect(await second.ask("resume", { session, resume })).toMatchObject({
      ok: true,
      stream: { state: "waiting" },
    });
    rig.clock.advance(60_000);
    expect(rig.gateway.last.closeReason).toBeUndefined();
    expect(await second.ask("description", offerTo(session))).toMatchObject({ ok: true });
    rig.gateway.last.observer.stream(liveStatus("live/cam"));
    expect(second.pushes).toEqual([
      { event: "stream", message: { session, stream: liveStatus("live/cam") } },
    ]);
  });

  test("a wrong secret resumes nothing", async () => {
    const first = rig.connect();
    const { session } = await first.watch();
    first.connection.close("lost");
    for (const resume of ["wrong", "x".repeat(22)]) {
      const reply = await rig.connect().ask("resume", { session, resume });
      expect(reply).toEqual(refusal("SESSION_NOT_FOUND"));
    }
  });

  test("a session that ended meanwhile answers with its reason", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    first.connection.close("lost");
    rig.gateway.last.observer.bye("STREAM_ENDED");
    expect(await rig.connect().ask("resume", { session, resume })).toEqual(refusal("STREAM_ENDED"));
    rig.clock.advance(10_000);
    expect([rig.book.size, rig.clock.timers]).toEqual([0, 0]);
  });

  test("the client may be back before the server noticed: the dead connection's end harms nobody", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    const second = rig.connect();
    expect(await second.ask("resume", { session, resume })).toMatchObject({ ok: true });
    expect(await first.ask("description", offerTo(session))).toEqual(refusal("SESSION_NOT_FOUND"));
    first.connection.close("lost");
    rig.clock.advance(60_000);
    expect(rig.gateway.last.closeReason).toBeUndefined();
    rig.gateway.last.observer.bye("DONE");
    expect(second.pushes).toEqual([{ event: "bye", message: { session, reason: "DONE" } }]);
    expect(first.pushes).toEqual([]);
  });

  test("resuming counts against the connection's sessions", async () => {
    rig = new ConnectionRig({ maxSessionsPerSocket: 1 });
    const first = rig.connect();
    const { session, resume } = await first.watch();
    const second = rig.connect();
    await second.watch();
    expect(await second.ask("resume", { session, resume })).toEqual(refusal("SESSIONS_FULL"));
    expect(await first.ask("resume", { session, resume })).toMatchObject({ ok: true });
  });
});

describe("stream status", () => {
  test("observe tells it now and at each change, whether the stream exists or not", async () => {
    const client = rig.connect();
    expect(await client.ask("observe", { stream: "live/cam" })).toEqual({
      ok: true,
      stream: offlineStatus("live/cam"),
    });
    rig.gateway.tell(liveStatus("live/cam"));
    rig.gateway.tell(liveStatus("live/other"));
    expect(client.pushes).toEqual([
      { event: "stream", message: { stream: liveStatus("live/cam") } },
    ]);
    expect(await client.ask("observe", { stream: "live/cam" })).toEqual({
      ok: true,
      stream: liveStatus("live/cam"),
    });
    expect(rig.gateway.observers).toBe(1);
  });

  test("a stream that flaps is told at most once per interval, and its last state always", async () => {
    const client = rig.connect();
    await client.ask("observe", { stream: "s" });
    for (let n = 0; n < 100; n += 1) {
      rig.gateway.tell(liveStatus("s"));
      rig.gateway.tell({ ...offlineStatus("s"), hints: [{ code: `N${n}`, message: "" }] });
    }
    expect(client.pushes).toHaveLength(1);
    rig.clock.advance(250);
    expect(client.pushes).toHaveLength(2);
    expect(client.pushes[1]?.message).toMatchObject({ stream: { hints: [{ code: "N99" }] } });
    rig.clock.advance(1000);
    expect(client.pushes).toHaveLength(2);
  });

  test("observations are limited, end, and end with the connection", async () => {
    rig = new ConnectionRig({ maxObservedPerSocket: 2 });
    const client = rig.connect();
    await client.ask("observe", { stream: "a" });
    await client.ask("observe", { stream: "b" });
    expect(await client.ask("observe", { stream: "c" })).toEqual(refusal("OBSERVED_FULL"));
    expect(await client.ask("unobserve", { stream: "a" })).toEqual({ ok: true });
    expect(await client.ask("unobserve", { stream: "a" })).toEqual({ ok: true });
    expect(await client.ask("observe", { stream: "c" })).toMatchObject({ ok: true });
    rig.gateway.tell(liveStatus("a"));
    rig.gateway.tell(liveStatus("b"));
    client.connection.close("lost");
    rig.gateway.tell(offlineStatus("b"));
    rig.clock.advance(1000);
    expect(client.pushes).toHaveLength(1);
    expect([rig.gateway.observers, rig.clock.timers]).toEqual([0, 0]);
  });
});
