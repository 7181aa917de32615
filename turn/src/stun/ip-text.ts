const colon = 0x3a;
const dot = 0x2e;
/** An address without its zone; `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` is the longest. */
const maxTextLength = 45;
const decimals: readonly string[] = Array.from({ length: 256 }, (_, byte) => String(byte));

/**
 * The bytes of an IP address, 4 or 16; undefined when the text is none. Takes every form of RFC 4291 section 2.2; the
 * zone of an IPv6 address (`%eth0`) is left out.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const percent = text.indexOf("%");
  const end = percent < 0 ? text.length : percent;
  if (end > maxTextLength) return undefined;
  if (text.lastIndexOf(":", end) >= 0) {
    return percent === text.length - 1 && percent >= 0 ? undefined : parse6(text, end);
  }
  if (percent >= 0) return undefined;
  const bytes = new Uint8Array(4);
  return parse4(text, 0, end, bytes, 0) ? bytes : undefined;
}

/**
 * The text of 4 or 16 bytes: dotted, or RFC 5952 with IPv4-mapped addresses as `::ffff:192.0.2.1` (section 5), which
 * is what sockets say too.
 * @throws RangeError for any other number of bytes.
 */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return formatAddress4(uint32(bytes, 0));
  if (bytes.length !== 16)
    throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
  if (isMapped(bytes)) return `::ffff:${formatAddress4(uint32(bytes, 12))}`;
  const zeros = longestZeros(bytes);
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === zeros.start) {
      text += "::";
      i += zeros.length - 1;
    } else {
      if (text !== "" && i !== zeros.start + zeros.length) text += ":";
      text += group(bytes, i).toString(16);
    }
  }
  return text;
}

/** Whether 16 bytes are an IPv4-mapped IPv6 address. RFC 4291 section 2.5.5.2. */
export function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The text of an IPv4 address that is given as 32 bits, the first byte highest. */
export function formatAddress4(bits: number): string {
  return `${decimals[bits >>> 24]}.${decimals[(bits >>> 16) & 255]}.${decimals[(bits >>> 8) & 255]}.${decimals[bits & 255]}`;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (group(bytes, at / 2) << 16) | group(bytes, at / 2 + 1);
}

function group(bytes: Uint8Array, index: number): number {
  return ((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number);
}

/** RFC 5952 section 4.2: the first of the longest runs of zero groups; a single one is not shortened. */
function longestZeros(bytes: Uint8Array): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 1 };
  let length = 0;
  for (let i = 0; i < 8; i++) {
    length = group(bytes, i) === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i + 1 - length, length };
  }
  return best;
}

/** Writes the four bytes of dotted text: decimal, without leading zeros. */
function parse4(text: string, from: number, end: number, bytes: Uint8Array, at: number): boolean {
  let index = 0;
  let value = -1;
  for (let i = from; i <= end; i++) {
    const code = i === end ? dot : text.charCodeAt(i);
    if (code === dot) {
      if (value < 0 || index > 3) return false;
      bytes[at + index++] = value;
      value = -1;
    } else {
      const digit = code - 0x30;
      if (digit < 0 || digit > 9 || value === 0) return false;
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return false;
    }
  }
  return index === 4;
}

function parse6(text: string, end: number): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let filled = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === colon) {
    if (text.charCodeAt(1) !== colon) return undefined;
    gap = 0;
    i = 2;
  }
  while (i < end) {
    const stop = wordEnd(text, i, end);
    if (stop < end && text.charCodeAt(stop) === dot) {
      if (filled > 12 || !parse4(text, i, end, bytes, filled)) return undefined;
      filled += 4;
      break;
    }
    const value = hexWord(text, i, stop);
    if (value < 0 || filled > 14) return undefined;
    bytes[filled++] = value >>> 8;
    bytes[filled++] = value & 0xff;
    if (stop === end) break;
    if (text.charCodeAt(stop) !== colon) return undefined;
    i = stop + 1;
    if (i === end) return undefined;
    if (text.charCodeAt(i) === colon) {
      if (gap >= 0) return undefined;
      gap = filled;
      i++;
    }
  }
  if (gap < 0) return filled === 16 ? bytes : undefined;
  if (filled > 14) return undefined;
  bytes.copyWithin(16 - (filled - gap), gap, filled);
  return bytes.fill(0, gap, 16 - (filled - gap));
}

/** Where the hexadecimal digits end. */
function wordEnd(text: string, from: number, end: number): number {
  let i = from;
  while (i < end && hexDigit(text.charCodeAt(i)) >= 0) i++;
  return i;
}

/** The value of one to four hexadecimal digits, or -1. */
function hexWord(text: string, from: number, end: number): number {
  if (from === end || end - from > 4) return -1;
  let value = 0;
  for (let i = from; i < end; i++) value = (value << 4) | hexDigit(text.charCodeAt(i));
  return value;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
