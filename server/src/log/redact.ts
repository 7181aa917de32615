/** What stands in the log instead of a secret. */
export const redacted = "[redacted]";

const secretName =
  /token|secret|passw|pwd|credential|authori[sz]ation|cookie|streamkey|privatekey/i;
const addressName = /^(address|remoteAddress|clientAddress|ip|remote)$/;
const secretInText: readonly (readonly [RegExp, string])[] = [
  [/([?&;](?:token|key|secret|password|sig|signature)=)[^&\s"'#]+/gi, `$1${redacted}`],
  [/(a=ice-pwd:)\S+/gi, `$1${redacted}`],
  [/(\bBearer\s+)[^\s"',]+/gi, `$1${redacted}`],
  [/(\b[a-z]+:\/\/[^\s/:@]+:)[^\s/@]+@/gi, `$1${redacted}@`],
];

/** Texts without any of this have no secret of these forms. */
const mayHoldSecret = /[=:]|bearer/i;

/** Names of fields that were judged, so that each is judged once: our own code makes them up, and they are few. */
const judgedNames = new Map<string, NameKind>();
const maxJudgedNames = 1000;
type NameKind = "plain" | "secret" | "address";

/** Deeper structures are cut off, and so are longer lists and texts. */
const maxDepth = 5;
const maxItems = 200;
const maxTextLength = 4000;

/** How one log line is cleaned. */
export interface RedactOptions {
  /** Texts that must never appear, such as the configured tokens. */
  readonly secrets: readonly string[];
  /** Whether the addresses of clients may stand in the line. */
  readonly addresses: boolean;
}

/** A copy of the fields without secrets: by the name of the field, by the form of the text, and by the known secrets themselves. */
export function redactFields(fields: object, options: RedactOptions): Record<string, unknown> {
  return cleanObject(fields, options, 0);
}

/** The text without secrets. */
export function redactText(text: string, options: RedactOptions): string {
  let clean = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
  for (const secret of options.secrets) clean = clean.replaceAll(secret, redacted);
  if (!mayHoldSecret.test(clean)) return clean;
  for (const [pattern, replacement] of secretInText) clean = clean.replace(pattern, replacement);
  return clean;
}

function cleanObject(
  value: object,
  options: RedactOptions,
  depth: number,
): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  let items = 0;
  for (const [name, item] of Object.entries(value)) {
    if (++items > maxItems) break;
    const kind = kindOf(name);
    if (kind === "address" && !options.addresses) continue;
    const hidden = kind === "secret" && item !== undefined && item !== null && item !== "";
    clean[name] = hidden ? redacted : cleanValue(item, options, depth + 1);
  }
  return clean;
}

function kindOf(name: string): NameKind {
  const known = judgedNames.get(name);
  if (known !== undefined) return known;
  const kind = addressName.test(name) ? "address" : secretName.test(name) ? "secret" : "plain";
  if (judgedNames.size < maxJudgedNames) judgedNames.set(name, kind);
  return kind;
}

function cleanValue(value: unknown, options: RedactOptions, depth: number): unknown {
  if (typeof value === "string") return redactText(value, options);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return cleanError(value, options, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return "[…]";
  if (Array.isArray(value)) {
    return value.slice(0, maxItems).map((item) => cleanValue(item, options, depth + 1));
  }
  if (value instanceof Date) return value.toJSON();
  return cleanObject(value, options, depth);
}

function cleanError(error: Error, options: RedactOptions, depth: number): object {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message, options),
    ...(code === undefined ? {} : { code }),
    stack: redactText(error.stack ?? "", options),
    ...(error.cause instanceof Error && depth < maxDepth
      ? { cause: cleanError(error.cause, options, depth + 1) }
      : {}),
  };
}
