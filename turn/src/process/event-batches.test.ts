import { describe, expect, it } from "vitest";
import { EventBatches, maxBatchEvents, maxBatchRefusals } from "./event-batches.ts";
import type { TurnEvent } from "./message.ts";

const allocated = { type: "allocated", details: { id: "1" } } as TurnEvent;
const refused = { type: "refused", details: { code: 401 } } as TurnEvent;

function batches() {
  const sent: { events: readonly TurnEvent[]; dropped: number; done: () => void }[] = [];
  return {
    sent,
    gathered: new EventBatches((events, dropped, done) => sent.push({ events, dropped, done })),
  };
}

describe("EventBatches", () => {
  it("hands events on in their order, and nothing when nothing happened", () => {
    const { sent, gathered } = batches();
    gathered.flush();
    expect(sent).toEqual([]);
    gathered.add(allocated);
    gathered.add(refused);
    gathered.flush();
    expect(sent[0]?.events).toEqual([allocated, refused]);
    expect(sent[0]?.dropped).toBe(0);
  });

  it("has one batch under way at a time", () => {
    const { sent, gathered } = batches();
    gathered.add(allocated);
    gathered.flush();
    gathered.add(refused);
    gathered.flush();
    expect(sent).toHaveLength(1);
    sent[0]?.done();
    gathered.flush();
    expect(sent[1]?.events).toEqual([refused]);
  });

  it("keeps no more than its limit while nobody takes them, and counts the rest", () => {
    const { sent, gathered } = batches();
    gathered.add(allocated);
    gathered.flush();
    for (let i = 0; i < maxBatchEvents; i++) gathered.add(allocated);
    sent[0]?.done();
    gathered.flush();
    expect([sent[1]?.events.length, sent[1]?.dropped]).toEqual([maxBatchEvents, 0]);
    sent[1]?.done();
    for (let i = 0; i < maxBatchEvents + 3; i++) gathered.add(allocated);
    gathered.flush();
    expect([sent[2]?.events.length, sent[2]?.dropped]).toEqual([maxBatchEvents, 3]);
  });

  it("keeps room for allocations while refusals flood", () => {
    const { sent, gathered } = batches();
    for (let i = 0; i < maxBatchRefusals + 1000; i++) gathered.add(refused);
    gathered.add(allocated);
    gathered.flush();
    expect(sent[0]?.events).toHaveLength(maxBatchRefusals + 1);
    expect(sent[0]?.events.at(-1)).toEqual(allocated);
    expect(sent[0]?.dropped).toBe(1000);
    sent[0]?.done();
    gathered.add(refused);
    gathered.flush();
    expect(sent[1]).toMatchObject({ events: [refused], dropped: 0 });
  });
});
