/** `must`: the specification requires it; `should`: it recommends it; `own`: what clients in the field need, or our wish. */
export type Level = "must" | "should" | "own";

export interface Row {
  readonly section: string;
  readonly level: Level;
  readonly rule: string;
  readonly verdict: "pass" | "fail" | "skip";
  /** Why it failed or was skipped. */
  readonly detail: string;
}

/** Thrown by a check that does not apply to this server. */
export class Skip extends Error {
  override readonly name = "Skip";
}

/** Throws unless the condition holds; `found` says what was found instead. */
export function need(condition: boolean, found: string): asserts condition {
  if (!condition) throw new Error(found);
}

/** The rules that were checked, in order, each with its verdict. */
export class Checklist {
  readonly title: string;
  readonly #rows: Row[] = [];

  constructor(title: string) {
    this.title = title;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Checks one rule: `body` returns when it holds, throws when it does not. Never rejects. Says whether it holds. */
  async check(section: string, level: Level, rule: string, body: () => unknown): Promise<boolean> {
    try {
      await body();
      this.#rows.push({ section, level, rule, verdict: "pass", detail: "" });
      return true;
    } catch (error) {
      const verdict = error instanceof Skip ? "skip" : "fail";
      const detail = error instanceof Error ? error.message : String(error);
      this.#rows.push({ section, level, rule, verdict, detail: firstLine(detail) });
      return false;
    }
  }

  /** The rules that failed; without `all` only those that a specification requires. */
  failures(all: boolean): readonly string[] {
    return this.#rows
      .filter(({ verdict, level }) => verdict === "fail" && (all || level === "must"))
      .map(({ section, rule, detail }) => `${section} ${rule}: ${detail}`);
  }

  /** For people: one line per rule, and the sums. */
  table(): string {
    const widest = Math.max(4, ...this.#rows.map(({ rule }) => rule.length));
    const section = Math.max(7, ...this.#rows.map((row) => row.section.length));
    const line = (cells: readonly [string, string, string, string, string]): string =>
      [
        cells[0].padEnd(4),
        cells[1].padEnd(section),
        cells[2].padEnd(6),
        cells[3].padEnd(widest),
        cells[4],
      ]
        .join("  ")
        .trimEnd();
    const count = (verdict: Row["verdict"]): number =>
      this.#rows.filter((row) => row.verdict === verdict).length;
    return [
      this.title,
      line(["", "section", "level", "rule", "found"]),
      ...this.#rows.map((row) => line([row.verdict, row.section, row.level, row.rule, row.detail])),
      `${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped`,
    ].join("\n");
  }
}

function firstLine(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}
