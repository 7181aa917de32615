const amount = /^(\d{1,12}(?:\.\d{1,6})?)([kMGT]?)$/;
const factors: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A number with a decimal prefix, such as `2.5M` or `800k`; undefined when it is none. */
export function parseAmount(text: string): number | undefined {
  const [, digits, prefix] = amount.exec(text) ?? [];
  if (digits === undefined || prefix === undefined) return undefined;
  return Number(digits) * (factors[prefix] ?? 1);
}

/** `bitrateBps` in the unit that suits it, such as `2.5 Mbit/s`. */
export function bitrateText(bitrateBps: number): string {
  return withPrefix(bitrateBps, "bit/s");
}

/** `bytes` in the unit that suits them, of thousands, such as `1.2 GB`. */
export function bytesText(bytes: number): string {
  return withPrefix(bytes, "B");
}

function withPrefix(value: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let index = 0;
  let scaled = value;
  // What would be written as a thousand has the next prefix.
  while (scaled >= 999.5 && index < prefixes.length - 1) {
    scaled /= 1000;
    index++;
  }
  const digits = scaled >= 100 || index === 0 ? 0 : scaled >= 10 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))} ${prefixes[index]}${unit}`;
}
