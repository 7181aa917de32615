/** Readers for documents of the server: what is missing or of another type is undefined, so that an older server still shows. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Finite. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).flatMap((entry) => textOf(entry) ?? []);
}

/** Milliseconds since 1970, of an ISO 8601 time or of a number. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === "number") return numberOf(value);
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Numbers by name; what is no number is left out. */
export function countsOf(value: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([name, entry]) => {
      const number = numberOf(entry);
      return number === undefined ? [] : [[name, number]];
    }),
  );
}
