/** Of the names that clients give themselves, so that statistics know them again. Random, and no secret. */
export const clientIdLimits: { readonly minLength: number; readonly maxLength: number } = {
  minLength: 16,
  maxLength: 64,
};

const { minLength, maxLength } = clientIdLimits;

/** What a client may call itself. */
export const clientIdPattern: RegExp = new RegExp(`^[A-Za-z0-9_-]{${minLength},${maxLength}}$`);

/** The name that somebody shows, for instance as `?client=`; undefined where it is none. */
export function readClientId(text: string | null | undefined): string | undefined {
  return text != null && clientIdPattern.test(text) ? text : undefined;
}
