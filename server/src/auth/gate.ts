import { RefusedError } from "../core/errors.ts";
import { AddressList } from "./address-list.ts";
import type { LoginPasses } from "./login-passes.ts";
import { isOpenTo, type Openness } from "./openness.ts";
import { TokenSet } from "./token-set.ts";

/** `auto`: publish and admin from this machine, play for anybody, until there is a token; then nobody without one. */
export type OpennessSetting = Openness | "auto";

/** Who may do something: whoever shows one of the tokens, and these without one, from these addresses. */
export interface Gate {
  readonly tokens: TokenSet;
  readonly from: AddressList;
  /** What stands for the tokens in passes; none where passes do not count. */
  readonly marks: ReadonlySet<string>;
  readonly open: Openness;
}

export function gate(options: {
  readonly tokens: readonly string[];
  readonly open: Openness;
  readonly from: readonly string[] | undefined;
  readonly passes?: LoginPasses;
}): Gate {
  const { tokens, open, from = [], passes } = options;
  return {
    tokens: new TokenSet(tokens),
    marks: new Set(passes === undefined ? [] : tokens.map((token) => passes.markOf(token))),
    open,
    from: new AddressList(from),
  };
}

/** What `auto` means. */
export function opennessOf(
  setting: OpennessSetting,
  needsToken: boolean,
  untilToken: Openness,
): Openness {
  if (setting !== "auto") return setting;
  return needsToken ? "nobody" : untilToken;
}

/** @throws RefusedError `ADDRESS_FORBIDDEN` 403. */
export function requireAddress({ from }: Gate, address: string): void {
  if (from.isEmpty || from.has(address)) return;
  throw new RefusedError("ADDRESS_FORBIDDEN", 403, "This is not allowed from your address.");
}

/** Whether the token is one of the gate's, or none is needed from that address. */
export function passes(wanted: Gate, token: string | undefined, address: string): boolean {
  return wanted.tokens.has(token) || isOpenTo(wanted.open, address);
}

/** Why somebody does not pass; `isSigned`: tokens that are in no list would do too. */
export function refusal(wanted: Gate, action: string, isSigned: boolean): RefusedError {
  if (isSigned || !wanted.tokens.isEmpty) {
    return new RefusedError("UNAUTHORIZED", 401, `A valid token is needed to ${action}.`);
  }
  const from = {
    nobody: "nobody may",
    loopback: "only this machine may",
    private: "only private networks may",
    anybody: "anybody may",
  };
  return new RefusedError(
    "FORBIDDEN",
    403,
    `Without a configured token ${from[wanted.open]} ${action}.`,
  );
}
