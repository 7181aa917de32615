import type { TransportName } from "../transports/transport.ts";
import { verdictOf } from "./verdicts.ts";

/** How a rung's turn ended. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The rungs, best first; which cannot carry this stream; which had their turn since the last good picture. */
export class RungList {
  #rungs: readonly TransportName[] = [];
  readonly #unfit = new Map<TransportName, Failure>();
  readonly #tried = new Map<TransportName, Failure | undefined>();

  get all(): readonly TransportName[] {
    return this.#rungs;
  }

  set(rungs: readonly TransportName[]): void {
    this.#rungs = rungs;
    this.#unfit.clear();
  }

  has(rung: TransportName): boolean {
    return this.#rungs.includes(rung);
  }

  /** Whether `a` is better than `b`. */
  isBetter(a: TransportName, b: TransportName): boolean {
    return this.#rungs.indexOf(a) < this.#rungs.indexOf(b);
  }

  /** Rungs that may play this stream, best first; all of them when none may, so that they say why. */
  order(): readonly TransportName[] {
    const fit = this.#rungs.filter((rung) => !this.#unfit.has(rung));
    return fit.length > 0 ? fit : this.#rungs;
  }

  /** The best rung that had no turn; only those worse than `below`, where given. */
  untried(below?: TransportName): TransportName | undefined {
    return this.order().find(
      (rung) => !this.#tried.has(rung) && (below === undefined || this.isBetter(below, rung)),
    );
  }

  started(rung: TransportName): void {
    if (!this.#tried.has(rung)) this.#tried.set(rung, undefined);
  }

  /** True when trying again later makes sense. */
  failed(rung: TransportName, failure: Failure): boolean {
    this.#tried.set(rung, failure);
    if (verdictOf(failure.code) !== "unfit") return true;
    this.#unfit.set(rung, failure);
    return false;
  }

  /** Everybody may have a turn again. */
  forgetTurns(): void {
    this.#tried.clear();
  }

  /** What is told when all turns failed: of the best rung that might have worked, else of the best one. */
  verdict(): { readonly failure: Failure; readonly hopeless: boolean } {
    const told = this.#rungs
      .map((rung) => this.#tried.get(rung) ?? this.#unfit.get(rung))
      .filter((failure) => failure !== undefined);
    const hopeful = told.find(({ code }) => verdictOf(code) !== "unfit");
    const failure = hopeful ?? told[0] ?? { code: "NO_FIRST_FRAME", message: "" };
    return { failure, hopeless: hopeful === undefined };
  }
}
