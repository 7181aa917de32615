import type { Config } from "./config.ts";

/** Every secret of a configuration, so that the log can leave them out. */
export function secretsOf({
  acme,
  auth,
  hooks,
  mistTriggers,
  rtc,
  srsHooks,
  turn,
}: Config): readonly string[] {
  return [
    ...auth.publishTokens,
    ...auth.playTokens,
    ...auth.adminTokens,
    ...auth.rules.flatMap((rule) => [...(rule.publishTokens ?? []), ...(rule.playTokens ?? [])]),
    ...[hooks.publishUrl, hooks.playUrl, hooks.callUrl, ...hooks.eventUrls].flatMap(secretPart),
    ...[srsHooks, mistTriggers].flatMap((urls) => Object.values(urls).flat()).flatMap(secretPart),
    ...hooks.secrets,
    ...auth.signingSecrets,
    ...auth.jwtSecrets,
    ...(auth.cookieSecret === "" ? [] : [auth.cookieSecret]),
    ...(acme.eabHmacKey === "" ? [] : [acme.eabHmacKey]),
    ...turn.previousSecrets,
    ...(turn.secret === "" ? [] : [turn.secret]),
    ...(rtc.turnSecret === "" ? [] : [rtc.turnSecret]),
    ...rtc.iceServers.flatMap(({ credential }) => credential ?? []),
  ];
}

/** Back ends put keys into the query. */
function secretPart(url: string): readonly string[] {
  const query = url === "" ? "" : new URL(url).search.slice(1);
  return query === "" ? [] : [query];
}
