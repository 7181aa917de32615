/** A value of an attribute: numbers and enumerated words as they are, texts in quotes. */
export type AttributeValue =
  | { readonly text: string }
  | { readonly word: string }
  | { readonly seconds: number }
  | { readonly integer: number };

/** RFC 8216bis section 4.2: names and values behind a tag; those that are undefined are left out. */
export function writeAttributes(
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) parts.push(`${name}=${writeValue(value)}`);
  }
  return parts.join(",");
}

/** RFC 8216bis section 4.2, decimal-floating-point: seconds with at most five decimals. */
export function writeSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) throw new RangeError(`${seconds} is no duration`);
  return seconds.toFixed(5).replace(/\.?0+$/, "") || "0";
}

function writeValue(value: AttributeValue): string {
  if ("text" in value) {
    // Section 4.2: a quoted-string has no way to say these.
    if (/["\r\n]/.test(value.text)) throw new RangeError("text that cannot be quoted");
    return `"${value.text}"`;
  }
  if ("word" in value) return value.word;
  if ("seconds" in value) return writeSeconds(value.seconds);
  if (!Number.isSafeInteger(value.integer) || value.integer < 0) {
    throw new RangeError(`${value.integer} is no decimal-integer`);
  }
  return String(value.integer);
}

/** A URI that stands on a line of its own. */
export function writeUriLine(uri: string): string {
  if (uri === "" || uri.startsWith("#") || /[\r\n]/.test(uri)) {
    throw new RangeError("a URI that cannot stand on a line");
  }
  return uri;
}
