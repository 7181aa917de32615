import { join } from "./tls-writer.ts";

/** Tags of X.690 that certificates use. */
export const DerTag = {
  integer: 0x02,
  bitString: 0x03,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[0] EXPLICIT` */
  context0: 0xa0,
} as const;

/** One element: its tag, its whole bytes and its contents, views both. */
export interface DerElement {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly contents: Uint8Array;
}

/** Reads the element at `offset`; undefined when there is no whole one in definite, shortest form. X.690 section 10.1. */
export function readDer(bytes: Uint8Array, offset: number): DerElement | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  // High tag numbers do not occur in what we read.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let length = first;
  let start = offset + 2;
  if (first > 127) {
    const count = first & 127;
    if (count < 1 || count > 3 || start + count > bytes.length) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0);
    if (length < 128 || length < 256 ** (count - 1)) return undefined;
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) return undefined;
  return { tag, bytes: bytes.subarray(offset, end), contents: bytes.subarray(start, end) };
}

/** The elements in a constructed one's contents; undefined unless they fill it exactly. */
export function readDerSequence(contents: Uint8Array): DerElement[] | undefined {
  const elements: DerElement[] = [];
  let offset = 0;
  while (offset < contents.length) {
    const element = readDer(contents, offset);
    if (element === undefined) return undefined;
    elements.push(element);
    offset += element.bytes.length;
  }
  return elements;
}

/** An element with these contents, at most 65 535 bytes. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = join(contents);
  const { length } = body;
  const header =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return join([Uint8Array.from(header), body]);
}
