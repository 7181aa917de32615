import { expect, test } from "vitest";
import { parseCommand } from "./command.ts";
import { makeToken } from "./token-command.ts";

const secret = "a-secret-of-the-back-end";

function run(...args: readonly string[]): string {
  try {
    const command = parseCommand({ args: ["token", ...args], readFile: () => "" });
    if (command.type !== "token") return command.type;
    return makeToken(command.loaded.config, command.asked, 1_700_000_000_000);
  } catch (error) {
    return (error as Error).message;
  }
}

test("makes a token with the first secret", () => {
  const flags = ["--auth-signing-secrets", `${secret},another-secret-of-ours`];
  expect(run("--stream", "live/cam", ...flags)).toMatch(/^sig1\.play\.1700003600\.[0-9a-f]{64}$/);
  expect(run(...flags, "--stream=live/cam", "--action", "publish", "--minutes=1")).toMatch(
    /^sig1\.publish\.1700000060\./,
  );
  const free = run("--stream=live/cam", ...flags);
  expect(run("--stream=live/cam", "--address", "192.0.2.1", ...flags)).not.toBe(free);
});

test("names every fault", () => {
  expect(run("--stream", "live/cam")).toContain("auth.signingSecrets is empty");
  const all = run("--action=watch", "--minutes", "0", "--address=here", "--stream");
  for (const flag of ["stream", "action", "minutes", "address"]) {
    expect(all).toContain(`flag --${flag}`);
  }
  expect(run("--stream=live/cam", "--nonsense")).toContain("nonsense");
});
