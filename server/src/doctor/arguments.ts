/** What the command line of the doctor says besides the keys of the configuration. */
export interface DoctorArguments {
  readonly url: string | undefined;
  /** Secret. */
  readonly token: string | undefined;
  readonly stream: string | undefined;
  readonly json: boolean;
  /** All other arguments, in their order, for whoever reads the configuration. */
  readonly rest: readonly string[];
  /** One sentence for each fault. */
  readonly problems: readonly string[];
}

const valued = ["url", "token", "stream"] as const;

/** Takes `--url`, `--token`, `--stream` (`--url X` or `--url=X`) and `--json` out of a command line. */
export function parseDoctorArguments(args: readonly string[]): DoctorArguments {
  const values = new Map<string, string>();
  const rest: string[] = [];
  const problems: string[] = [];
  let json = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const name = valued.find((flag) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
    if (arg === "--json") json = true;
    else if (name === undefined) rest.push(arg);
    else {
      const inline = arg.length > name.length + 2 ? arg.slice(name.length + 3) : undefined;
      const following = args[at + 1];
      const value = inline ?? (following?.startsWith("-") === false ? following : undefined);
      if (inline === undefined && value !== undefined) at++;
      if (value === undefined || value === "") problems.push(`flag --${name}: a value is missing.`);
      else values.set(name, value);
    }
  }
  return {
    url: values.get("url"),
    token: values.get("token"),
    stream: values.get("stream"),
    json,
    rest,
    problems,
  };
}
