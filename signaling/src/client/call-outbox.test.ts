import { expect, test } from "vitest";
import { SignalingError } from "../protocol/index.ts";
import { CallOutbox } from "./call-outbox.ts";

type Message = { readonly seq: number };

/** An outbox over a connection that acknowledges, or breaks, when told. */
function rig(): {
  outbox: CallOutbox;
  sent: number[];
  acknowledge(): Promise<void>;
  fail(code: string): Promise<void>;
} {
  const sent: number[] = [];
  let waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  const outbox = new CallOutbox((_word, message) => {
    sent.push((message as Message).seq);
    return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
  });
  const settle = async (how: (one: (typeof waiting)[number]) => void): Promise<void> => {
    const all = waiting;
    waiting = [];
    for (const one of all) how(one);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    outbox,
    sent,
    acknowledge: () => settle(({ resolve }) => resolve()),
    fail: (code) => settle(({ reject }) => reject(new SignalingError(code, ""))),
  };
}

test("what a broken connection may have swallowed is sent again, in order, before what was said later", async () => {
  const { outbox, sent, acknowledge, fail } = rig();
  const said = [outbox.say("call-description", {}), outbox.say("call-candidate", {})];
  outbox.suspend();
  await fail("DISCONNECTED");
  said.push(outbox.say("call-candidate", {}));
  expect(sent).toEqual([1, 2]);
  outbox.resume();
  outbox.resume();
  expect(sent).toEqual([1, 2, 1, 2, 3]);
  await acknowledge();
  await Promise.all(said);
  outbox.suspend();
  outbox.resume();
  expect(sent).toHaveLength(5);
});

test("a refusal is thrown and not sent again", async () => {
  const { outbox, sent, fail } = rig();
  const refused = expect(outbox.say("call-description", {})).rejects.toMatchObject({
    code: "PEER_ABSENT",
  });
  await fail("PEER_ABSENT");
  await refused;
  outbox.suspend();
  outbox.resume();
  expect(sent).toEqual([1]);
});

test("at most 256 wait", async () => {
  const { outbox, acknowledge } = rig();
  const said = Array.from({ length: 256 }, () => outbox.say("call-candidate", {}));
  await expect(outbox.say("call-candidate", {})).rejects.toMatchObject({
    code: "CANDIDATES_FULL",
  });
  await acknowledge();
  await Promise.all(said);
  const more = outbox.say("call-candidate", {});
  await acknowledge();
  await more;
});

test("close rejects what waits and what is said later", async () => {
  const { outbox, sent } = rig();
  outbox.suspend();
  const waits = expect(outbox.say("call-candidate", {})).rejects.toMatchObject({ code: "OVER" });
  outbox.close(new SignalingError("OVER", ""));
  outbox.close(new SignalingError("LATER", ""));
  outbox.resume();
  await waits;
  await expect(outbox.say("call-candidate", {})).rejects.toMatchObject({ code: "OVER" });
  expect(sent).toEqual([]);
});
