import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Negotiation } from "./negotiation.ts";

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe("order", () => {
  test("row 46: offer and answer pass both sides in JSEP's order", () => {
    const alice = new Negotiation<string>("polite");
    const bob = new Negotiation<string>("impolite");
    alice.offer();
    expect(bob.receive("offer")).toBe("apply");
    bob.applied();
    bob.answered();
    expect(alice.receive("answer")).toBe("apply");
    alice.applied();
    expect([alice.state, bob.state]).toEqual(["stable", "stable"]);
  });

  test.each<[string, (side: Negotiation<string>) => void]>([
    ["an answer that nobody asked for", (side) => side.receive("answer")],
    [
      "a second answer",
      (side) => {
        side.offer();
        side.receive("answer");
        side.receive("answer");
      },
    ],
    [
      "a second offer before the answer",
      (side) => {
        side.receive("offer");
        side.receive("offer");
      },
    ],
    [
      "an offer of ours before our answer",
      (side) => {
        side.receive("offer");
        side.offer();
      },
    ],
    [
      "two offers of ours",
      (side) => {
        side.offer();
        side.offer();
      },
    ],
  ])("%s is out of order", (_name, act) => {
    expect(codeOf(() => act(new Negotiation("polite")))).toBe("NEGOTIATION_ORDER");
  });

  test("an answer settles only when it is applied; their next offer need not wait for that", () => {
    const side = new Negotiation<string>("impolite");
    side.offer();
    side.receive("answer");
    expect(codeOf(() => side.offer())).toBe("NEGOTIATION_ORDER");
    expect(side.receive("offer")).toBe("apply");
    expect(side.candidate("of the offer")).toBe("keep");
    expect(side.applied()).toEqual([]);
    expect(side.applied()).toEqual(["of the offer"]);
    side.answered();
    expect(side.state).toBe("stable");
  });

  test("after a failure the next offer is welcome", () => {
    const side = new Negotiation<string>("impolite");
    side.receive("offer");
    side.failed();
    expect(side.receive("offer")).toBe("apply");
  });

  test("no description after close, and no way back", () => {
    const side = new Negotiation<string>("polite");
    side.receive("offer");
    side.close();
    side.close();
    side.answered();
    side.failed();
    expect(side.state).toBe("closed");
    expect(codeOf(() => side.receive("offer"))).toBe("SESSION_CLOSED");
    expect(codeOf(() => side.offer())).toBe("SESSION_CLOSED");
    expect(side.candidate("c")).toBe("drop");
  });
});

describe("colliding offers", () => {
  test("the polite side withdraws its own, the impolite side ignores the other's and its candidates", () => {
    const polite = new Negotiation<string>("polite");
    const impolite = new Negotiation<string>("impolite");
    polite.offer();
    impolite.offer();
    expect(impolite.receive("offer")).toBe("ignore");
    expect(impolite.candidate("of the ignored offer")).toBe("drop");
    expect(polite.receive("offer")).toBe("rollback");
    polite.applied();
    polite.answered();
    expect(impolite.receive("answer")).toBe("apply");
    impolite.applied();
    expect(impolite.candidate("of the answer")).toBe("apply");
    expect([polite.state, impolite.state]).toEqual(["stable", "stable"]);
  });
});

describe("candidates", () => {
  test("wait for the remote description and come back in order", () => {
    const side = new Negotiation<string>("impolite");
    expect(side.candidate("a")).toBe("keep");
    side.receive("offer");
    expect(side.candidate("b")).toBe("keep");
    expect(side.applied()).toEqual(["a", "b"]);
    expect(side.candidate("c")).toBe("apply");
    expect(side.applied()).toEqual([]);
  });

  test("of a new description wait for it, those of a failed one are dropped", () => {
    const side = new Negotiation<string>("impolite");
    side.receive("offer");
    side.applied();
    side.answered();
    side.receive("offer");
    expect(side.candidate("new")).toBe("keep");
    side.failed();
    expect(side.candidate("old")).toBe("apply");
    side.receive("offer");
    expect(side.applied()).toEqual([]);
  });

  test("at most as many as allowed wait", () => {
    const side = new Negotiation<number>("impolite", 3);
    for (let n = 0; n < 3; n += 1) expect(side.candidate(n)).toBe("keep");
    expect(codeOf(() => side.candidate(3))).toBe("CANDIDATES_FULL");
    side.receive("offer");
    expect(side.applied()).toEqual([0, 1, 2]);
  });
});

test("whatever happens in whatever order: a result or an error with a code", () => {
  const step = fc.constantFrom(
    "offer",
    "their offer",
    "their answer",
    "applied",
    "answered",
    "failed",
    "candidate",
    "close",
  );
  const property = fc.property(
    fc.array(step, { maxLength: 40 }),
    fc.constantFrom("polite" as const, "impolite" as const),
    (steps, politeness) => {
      const side = new Negotiation<number>(politeness, 4);
      let kept = 0;
      for (const name of steps) {
        const wasClosed = side.state === "closed";
        const code = codeOf(() => {
          if (name === "offer") side.offer();
          else if (name === "their offer") side.receive("offer");
          else if (name === "their answer") side.receive("answer");
          else if (name === "applied") kept = side.applied().length;
          else if (name === "answered") side.answered();
          else if (name === "failed") side.failed();
          else if (name === "candidate") side.candidate(1);
          else side.close();
        });
        expect([undefined, "NEGOTIATION_ORDER", "SESSION_CLOSED", "CANDIDATES_FULL"]).toContain(
          code,
        );
        expect(kept).toBeLessThanOrEqual(4);
        if (wasClosed) expect(side.state).toBe("closed");
      }
    },
  );
  void fc.assert(property);
});
