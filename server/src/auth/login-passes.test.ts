import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { LoginPasses } from "./login-passes.ts";

let wallMs: number;
beforeEach(() => {
  wallMs = 1_700_000_000_000;
});

const make = (secret = "a-secret-of-the-operator", lifetimeSeconds = 3600): LoginPasses =>
  new LoginPasses({ purpose: "play", secret, lifetimeSeconds, wallMs: () => wallMs });

describe("a pass", () => {
  test("stands for its token until it expires, and does not contain it", () => {
    const passes = make();
    const mark = passes.markOf("password-1");
    const pass = passes.issue(mark);
    expect(pass).toMatch(/^mrp1\.1700003600\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/);
    expect(pass).not.toContain("password");
    expect(passes.marks(pass)).toEqual([mark]);
    expect(passes.markOf("password-2")).not.toBe(mark);
    wallMs += 3_599_999;
    expect(passes.marks(pass)).toEqual([mark]);
    wallMs += 1;
    expect(passes.marks(pass)).toEqual([]);
  });

  test("is worth nothing to another key; with the same secret a restart keeps it", () => {
    const pass = make().issue(make().markOf("password-1"));
    expect(make().marks(pass)).toEqual([make().markOf("password-1")]);
    expect(make("another-secret").marks(pass)).toEqual([]);
    const random = make("");
    expect(random.marks(pass)).toEqual([]);
    expect(make("").marks(random.issue(random.markOf("password-1")))).toEqual([]);
  });

  test("keeps what those before it were good for, each for its own time", () => {
    const passes = make();
    const [first, second] = [passes.markOf("password-1"), passes.markOf("password-2")];
    const one = passes.issue(first);
    wallMs += 1_800_000;
    const two = passes.issue(second, one);
    expect(passes.marks(two)).toEqual([second, first]);
    wallMs += 1_800_000;
    expect(passes.marks(two)).toEqual([second]);
    expect(passes.marks(passes.issue(second, two))).toEqual([second]);
  });

  test("stands for eight tokens at most, the newest, and stays short", () => {
    const passes = make();
    const marks = Array.from({ length: 9 }, (_, index) => passes.markOf(`password-${index}`));
    let pass: string | undefined;
    for (const mark of marks) {
      wallMs += 1000;
      pass = passes.issue(mark, pass);
    }
    expect(passes.marks(pass)).toEqual(marks.slice(1).reverse());
    expect(pass?.length).toBeLessThan(400);
  });

  test("of a page and one of a frame count together, further ones do not", () => {
    const passes = make();
    const marks = ["a", "b", "c"].map((token) => passes.markOf(token));
    const three = marks.map((mark) => passes.issue(mark));
    expect(passes.marks(three.join(","))).toEqual(marks.slice(0, 2));
  });
});

describe("what is no pass of ours counts for nothing", () => {
  test("with any character changed, cut off or added", () => {
    const passes = make();
    const pass = passes.issue(passes.markOf("password-1"));
    const others = "ABCxyz019._-,";
    for (let at = 0; at < pass.length - 1; at++) {
      for (const other of others) {
        if (other === pass[at]) continue;
        const forged = pass.slice(0, at) + other + pass.slice(at + 1);
        expect(passes.marks(forged), forged).toEqual([]);
      }
      expect(passes.marks(pass.slice(0, at))).toEqual([]);
    }
    expect(passes.marks(`${pass}${"A".repeat(2000)}`)).toEqual([]);
  });

  test("whatever it is", () => {
    const passes = make();
    fc.assert(
      fc.property(fc.string(), fc.string(), (head, tail) => {
        for (const text of [head, `mrp1.${head}`, `mrp1.${head}.${tail}`]) {
          expect(passes.marks(text)).toEqual([]);
        }
      }),
    );
    expect(passes.marks(undefined)).toEqual([]);
  });
});
