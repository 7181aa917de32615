import { environmentName, flagName, keyNames, keys } from "./keys.ts";

const usage = `Usage: millrace-turn [flags]

Relays for browsers that cannot reach a Millrace gateway directly (TURN, RFC 8656), with credentials that the gateway makes
from a secret they share. Runs until SIGTERM; writes JSON lines.

  -c, --config <file>   YAML file with the gateway's keys (turn: { port: 3478 }); default MILLRACE_CONFIG, else none
  -h, --help            this text
  -V, --version         the version

Every key is an environment variable (turn.minPort is MILLRACE_TURN_MIN_PORT) and, but for secrets, a flag:
`;

/** The text of `--help`. */
export function helpText(): string {
  const rows = keyNames.map((name) => {
    const { about, placeholder, secret, default: value } = keys[name];
    const left = secret ? environmentName(name) : `--${flagName(name)} ${placeholder}`;
    const shown = Array.isArray(value) || value === "" ? "none" : String(value);
    const right = `${about} (default ${shown})`;
    return left.length < 36
      ? `  ${left.padEnd(36)}${right}`
      : `  ${left}\n${" ".repeat(38)}${right}`;
  });
  return `${usage}\n${rows.join("\n")}\n`;
}
