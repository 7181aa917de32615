import type { Reporter, TestCase } from "@playwright/test/reporter";

/** Prints what tests measured, for the reader of a run; the tests themselves assert only generous bounds. */
export default class FiguresReporter implements Reporter {
  onTestEnd(test: TestCase): void {
    for (const { type, description } of test.annotations) {
      if (type === "figures") console.log(`      ${test.title}: ${description}`);
    }
  }

  printsToStdio(): boolean {
    return false;
  }
}
