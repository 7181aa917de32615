const pattern = /^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$/;

/** The host of a `Host` header or of an address such as `rtmp://host:1935/live`; undefined when it is none. */
export function parseHost(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const host = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? text;
  return pattern.test(host) ? host : undefined;
}

/** Longer ones are cut. */
const maxPageLength = 1024;

/** The page that a client names, without what may be secret in it; undefined when it names none. */
export function parsePageUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname } = new URL(text);
  return /^https?:$/.test(protocol)
    ? `${protocol}//${host}${pathname}`.slice(0, maxPageLength)
    : undefined;
}
