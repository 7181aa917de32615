import { describe, expect, it } from "vitest";
import { AnswerMemory } from "./answer-memory.ts";

const answer = new Uint8Array([1]);

describe("AnswerMemory", () => {
  it("knows the answer of a path and a transaction for 40 s", () => {
    const memory = new AnswerMemory(10);
    memory.keep("a", "1", answer, 0);
    expect(memory.find("a", "1")).toBe(answer);
    expect(memory.find("a", "2")).toBeUndefined();
    expect(memory.find("b", "1")).toBeUndefined();
    memory.sweep(39_999);
    expect(memory.find("a", "1")).toBe(answer);
    memory.sweep(40_000);
    expect(memory.size).toBe(0);
  });

  it("forgets the oldest beyond its size", () => {
    const memory = new AnswerMemory(2);
    for (const transaction of ["1", "2", "3"]) memory.keep("a", transaction, answer, 0);
    expect(memory.size).toBe(2);
    expect(memory.find("a", "1")).toBeUndefined();
    expect(memory.find("a", "3")).toBe(answer);
  });
});
