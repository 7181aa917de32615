import { describe, expect, it } from "vitest";
import { type Seated, Seats } from "./seats.ts";

const limits = { maxConnections: 4, maxConnectionsPerAddress: 2, maxPendingBytes: 100 };

class Entry implements Seated {
  readonly address: string;
  publishing = false;
  pendingBytes = 0;
  closed: string | undefined;
  readonly #seats: Seats<Entry>;

  constructor(seats: Seats<Entry>, address: string) {
    this.#seats = seats;
    this.address = address;
  }

  hold(bytes: number): void {
    const change = bytes - this.pendingBytes;
    this.pendingBytes = bytes;
    this.#seats.held(change);
  }

  close(code: string): void {
    this.closed = code;
    this.hold(0);
    this.#seats.remove(this);
  }
}

function sit(seats: Seats<Entry>, address: string, publishing = false): Entry | undefined {
  if (!seats.admit(address)) return undefined;
  const entry = new Entry(seats, address);
  entry.publishing = publishing;
  seats.add(entry);
  return entry;
}

describe("Seats", () => {
  it("has as many as there may be, and none more while all publish", () => {
    const seats = new Seats<Entry>(limits);
    const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
    const sat = addresses.map((address) => sit(seats, address, true) !== undefined);
    expect(sat).toEqual([true, true, true, true, false]);
  });

  it("has as many of one address as there may be, an IPv6 network counting as one", () => {
    const seats = new Seats<Entry>(limits);
    expect(sit(seats, "2001:db8::1", true)).toBeDefined();
    expect(sit(seats, "2001:db8::2", true)).toBeDefined();
    expect(sit(seats, "2001:db8::3", true)).toBeUndefined();
    expect(sit(seats, "2001:db8:0:1::3", true)).toBeDefined();
  });

  it("makes room by the oldest that has not begun", () => {
    const seats = new Seats<Entry>(limits);
    const first = sit(seats, "192.0.2.1", true);
    const second = sit(seats, "192.0.2.2");
    const third = sit(seats, "192.0.2.3");
    sit(seats, "192.0.2.4");
    expect(sit(seats, "192.0.2.5")).toBeDefined();
    expect([first?.closed, second?.closed, third?.closed]).toEqual([
      undefined,
      "FLV_EVICTED",
      undefined,
    ]);
  });

  it("closes who holds most when all hold more than they may", () => {
    const seats = new Seats<Entry>(limits);
    const [a, b, c] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((at) => sit(seats, at, true));
    a?.hold(30);
    b?.hold(50);
    c?.hold(20);
    expect(seats.pendingBytes).toBe(100);
    expect(b?.closed).toBeUndefined();
    a?.hold(31);
    expect([a?.closed, b?.closed, c?.closed]).toEqual([
      undefined,
      "FLV_PENDING_TOO_LARGE",
      undefined,
    ]);
    expect(seats.pendingBytes).toBe(51);
  });

  it("is empty when all are gone", () => {
    const seats = new Seats<Entry>(limits);
    const entry = sit(seats, "192.0.2.1");
    entry?.hold(10);
    entry?.close("X");
    entry?.close("X");
    expect([seats.size, seats.pendingBytes, seats.list()]).toEqual([0, 0, []]);
  });
});
