import { ipToText } from "./ip.ts";

/** As in native/udp.h: where the family, the scope and the address stand in a record. */
const familyAt = 1;
const scopeAt = 3;
const addressAt = 4;
const addressWords = 4;
const keyWords = 1 + addressWords;
/** Addresses whose text is remembered; a power of two. */
const remembered = 4096;

/** The text of remote addresses, which is made once for each that comes again. Bounded; the last one of a place stays. */
export class RemoteNames {
  readonly #keys = new Uint32Array(remembered * keyWords);
  readonly #texts = new Array<string | undefined>(remembered).fill(undefined);

  /** The text of the address in the record that begins at `at`; with a zone as a number where it has one. */
  name(records: Uint32Array, at: number): string {
    const keys = this.#keys;
    const scope = records[at + scopeAt] ?? 0;
    let hash = scope;
    for (let i = 0; i < addressWords; i++) {
      hash = Math.imul(hash ^ (records[at + addressAt + i] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const place = (hash ^ (records[at + familyAt] ?? 0)) & (remembered - 1);
    const key = place * keyWords;
    const known = this.#texts[place];
    if (known !== undefined && keys[key] === scope) {
      let i = 0;
      while (i < addressWords && keys[key + 1 + i] === records[at + addressAt + i]) i++;
      // A text with a colon is of IPv6.
      if (i === addressWords && known.includes(":") === (records[at + familyAt] === 6)) {
        return known;
      }
    }
    const text = textOf(records, at, scope);
    keys[key] = scope;
    for (let i = 0; i < addressWords; i++) keys[key + 1 + i] = records[at + addressAt + i] ?? 0;
    this.#texts[place] = text;
    return text;
  }
}

function textOf(records: Uint32Array, at: number, scope: number): string {
  const words = records[at + familyAt] === 6 ? addressWords : 1;
  const bytes = new Uint8Array(words * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words; i++) view.setUint32(i * 4, records[at + addressAt + i] ?? 0);
  const text = ipToText(bytes);
  return scope === 0 ? text : `${text}%${scope}`;
}
