import { randomText } from "../core/random.ts";

/** A fresh strong entity tag, with its quotes. */
export function newEntityTag(): string {
  return `"${randomText(9, "base64url")}"`;
}

export type IfMatch =
  | { readonly type: "any" }
  | { readonly type: "tags"; readonly tags: readonly string[] };

/**
 * RFC 9110 section 13.1.1. Weak tags are left out, because If-Match compares strongly. `"*"` in quotes means the
 * same as without: RFC 9725's examples are written so. Undefined without the header.
 */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === "*" || text === '"*"') return { type: "any" };
  const tags = text.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return { type: "tags", tags: tags.filter((tag) => !tag.startsWith("W/")) };
}

/** True when the client's knowledge is current. */
export function matches(ifMatch: IfMatch, entityTag: string): boolean {
  return ifMatch.type === "any" || ifMatch.tags.includes(entityTag);
}
