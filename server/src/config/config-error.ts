/** The configuration is wrong. `problems` has one sentence per fault, each naming key, source and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** One value that was given somewhere, not yet checked. */
export interface GivenValue {
  readonly value: unknown;
  /** Where it stands, for messages: `millrace.config.yaml line 3`, `environment MILLRACE_RTMP_PORT`, `flag --rtmp-port`. */
  readonly source: string;
}

/** What one source gives: values by key, and faults found on the way. */
export interface GivenValues {
  readonly values: ReadonlyMap<string, GivenValue>;
  readonly problems: readonly string[];
}
