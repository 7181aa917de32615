import type { Config } from "./config.ts";

/** Every secret of a configuration, so that the log can leave them out. */
export function secretsOf({ auth, rtc, turn }: Config): readonly string[] {
  return [
    ...auth.publishTokens,
    ...auth.playTokens,
    ...auth.adminTokens,
    ...auth.rules.flatMap((rule) => [...(rule.publishTokens ?? []), ...(rule.playTokens ?? [])]),
    ...auth.signingSecrets,
    ...auth.jwtSecrets,
    ...(auth.cookieSecret === "" ? [] : [auth.cookieSecret]),
    ...turn.previousSecrets,
    ...(turn.secret === "" ? [] : [turn.secret]),
    ...(rtc.turnSecret === "" ? [] : [rtc.turnSecret]),
    ...rtc.iceServers.flatMap(({ credential }) => credential ?? []),
  ];
}
