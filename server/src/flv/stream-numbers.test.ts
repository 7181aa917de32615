import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import type { Publisher } from "../core/publisher.ts";
import { Registry } from "../core/registry.ts";
import { numberedStream, StreamNumbers } from "./stream-numbers.ts";

const near = "127.0.0.1";
const far = "192.0.2.7";

let clock: FakeClock;
let registry: Registry;
let numbers: StreamNumbers;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  numbers = new StreamNumbers(registry);
});

function publish(stream: string): Publisher {
  return registry.publish({ stream, transport: "flv-tcp", address: near, onKick() {} });
}

function connect(address: string) {
  const number = numbers.take(address);
  const publisher = publish(numberedStream(number));
  const leave = (): void => {
    publisher.close("PEER_CLOSED");
    numbers.release(number, address);
  };
  return { number, leave };
}

describe("StreamNumbers", () => {
  it("counts up from 0 in the order of arrival", () => {
    expect([near, near, far].map((address) => connect(address).number)).toEqual([0, 1, 2]);
  });

  it("gives an encoder that restarts the number whose viewers wait for it", () => {
    const [, second] = [connect(near), connect(near), connect(near)];
    second.leave();
    expect(connect(near).number).toBe(1);
    expect(connect(near).number).toBe(3);
  });

  it("keeps a waiting number for its address, and frees it when the wait is over", () => {
    connect(near).leave();
    expect(connect(far).number).toBe(1);
    expect(connect(near).number).toBe(0);
    const third = connect(far);
    expect(third.number).toBe(2);
    third.leave();
    clock.advance(30_001);
    expect(connect(near).number).toBe(2);
  });

  it("gives several that return from one address their numbers from the lowest up", () => {
    const all = [connect(near), connect(near), connect(near)];
    for (const { leave } of all.reverse()) leave();
    expect([connect(near).number, connect(near).number]).toEqual([0, 1]);
  });

  it("passes over numbers that are being asked for and names that others publish", () => {
    publish("tcp/1");
    expect([numbers.take(near), numbers.take(near)]).toEqual([0, 2]);
  });

  it("remembers nothing when all streams are over", () => {
    const all = Array.from({ length: 10 }, () => connect(near));
    for (const { leave } of all) leave();
    clock.advance(30_001);
    expect(numbers.size).toBe(0);
    // Who was refused leaves nothing either.
    numbers.release(numbers.take(near), near);
    expect(numbers.size).toBe(0);
  });
});
