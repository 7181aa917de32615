import { readClientId } from "@millrace/signaling/gate";

/** What a client asks for. */
export interface StreamKey {
  /** Such as `live/cam`; not checked. */
  readonly name: string;
  readonly token: string | undefined;
  /** By which a player who comes back is known in statistics. Nothing may hang on it. */
  readonly client: string | undefined;
}

/**
 * The stream and the token out of what encoders let people type: an application (`live`, also
 * `live?token=T`), the address of the server (`rtmp://host/live?token=T`), and a key (`cam?token=T`).
 * The first `?` ends the name, which cannot hold one; everything after `token=` up to `&` is the token,
 * further `?` included. The key's token wins over the application's, that over the address's.
 */
export function parseStreamKey(app: string, tcUrl: string, key: string): StreamKey {
  const [appPath, appQuery] = splitQuery(app);
  const [keyPath, keyQuery] = splitQuery(key);
  const [, urlQuery] = splitQuery(tcUrl);
  const name = [...appPath.split("/"), ...keyPath.split("/")].filter((part) => part !== "");
  const find = (field: string): string | undefined =>
    findField(keyQuery, field) ?? findField(appQuery, field) ?? findField(urlQuery, field);
  return { name: name.join("/"), token: find("token"), client: readClientId(find("client")) };
}

function splitQuery(text: string): [path: string, query: string] {
  const mark = text.indexOf("?");
  return mark < 0 ? [text, ""] : [text.slice(0, mark), text.slice(mark + 1)];
}

function findField(query: string, name: string): string | undefined {
  for (const field of query.split("&")) {
    if (field.startsWith(`${name}=`)) return unescapePercent(field.slice(name.length + 1));
  }
  return undefined;
}

/** A key is typed by hand: `+` stays, and what is no escape is taken as it stands. */
function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
