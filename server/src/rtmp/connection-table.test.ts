import { describe, expect, it } from "vitest";
import { ConnectionTable, type TableEntry } from "./connection-table.ts";

class Entry implements TableEntry {
  readonly address: string;
  readonly #table: ConnectionTable<Entry>;
  role: string | undefined;
  code: string | undefined;

  constructor(table: ConnectionTable<Entry>, address: string) {
    this.#table = table;
    this.address = address;
  }

  close(code: string): void {
    this.code = code;
    this.#table.remove(this);
  }
}

function setup(maxConnections: number, maxConnectionsPerAddress: number) {
  const table = new ConnectionTable<Entry>({ maxConnections, maxConnectionsPerAddress });
  const open = (address: string, role?: string): Entry | undefined => {
    if (!table.admit(address)) return undefined;
    const entry = new Entry(table, address);
    table.add(entry);
    entry.role = role;
    table.update(entry);
    return entry;
  };
  return { table, open };
}

describe("ConnectionTable", () => {
  it("makes room by the connection that has done nothing for the longest time", () => {
    const { table, open } = setup(3, 3);
    const publisher = open("a", "publish");
    const first = open("b");
    const second = open("c");
    expect(open("d")).toBeDefined();
    expect([publisher?.code, first?.code, second?.code]).toEqual([
      undefined,
      "RTMP_IDLE_EVICTED",
      undefined,
    ]);
    expect(table.size).toBe(3);
  });

  it("refuses where everybody is at work", () => {
    const { table, open } = setup(2, 2);
    open("a", "publish");
    open("b", "play");
    expect(open("c")).toBeUndefined();
    expect(table.size).toBe(2);
  });

  it("counts addresses apart", () => {
    const { table, open } = setup(100, 2);
    const first = open("a");
    open("a", "publish");
    expect(open("b")).toBeDefined();
    expect(open("a", "publish")).toBeDefined();
    expect(first?.code).toBe("RTMP_IDLE_EVICTED");
    expect(open("a")).toBeUndefined();
    expect(table.size).toBe(3);
  });

  it("takes a connection whose role ended for idle again", () => {
    const { table, open } = setup(1, 1);
    const entry = open("a", "publish");
    if (entry === undefined) throw new Error("refused");
    entry.role = undefined;
    table.update(entry);
    expect(open("a")).toBeDefined();
    expect(entry.code).toBe("RTMP_IDLE_EVICTED");
  });

  it("admits nobody where nobody may be", () => {
    expect(setup(0, 5).open("a")).toBeUndefined();
    expect(setup(5, 0).open("a")).toBeUndefined();
  });

  it("forgets addresses and entries that are gone", () => {
    const { table, open } = setup(10, 10);
    for (let index = 0; index < 100; index++) open(`10.0.0.${index}`)?.close("X");
    expect(table.size).toBe(0);
    expect(table.list()).toEqual([]);
    const entry = open("a");
    entry?.close("X");
    if (entry !== undefined) table.update(entry);
    expect(table.size).toBe(0);
  });
});
