import { expect, test } from "vitest";
import { isFatal, publishFailureText } from "../publisher/failure.ts";
import { classifyFailure, failureText, refusedCodes } from "./failure.ts";

test("who may not is not asked for again, and is told why", () => {
  for (const code of refusedCodes) {
    expect(classifyFailure(code)).toBe("fatal");
    expect(isFatal(code)).toBe(true);
    expect(failureText(code, "Pay first.").detail).not.toBe("");
    expect(publishFailureText(code, "Pay first.").title).not.toMatch(/failed/);
  }
  expect(failureText("HOOK_DENIED", "Pay first.")).toEqual({
    title: "Not allowed",
    detail: "Pay first.",
  });
});

test("what cannot be told now, and what has run out, is asked for again", () => {
  for (const code of ["HOOK_UNAVAILABLE", "ACCESS_UNAVAILABLE", "ACCESS_EXPIRED"]) {
    expect(classifyFailure(code)).toBe("retry");
    expect(isFatal(code)).toBe(false);
  }
});
