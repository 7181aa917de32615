import { STUN_HEADER_BYTES, type StunMessage } from "../stun/message.ts";

/** The `NOMINATION` attribute of libwebrtc (draft-thatcher-ice-renomination section 5). */
const NOMINATION = 0xc001;

/**
 * The number with which a controlling agent that renominates marks the pair it wants; undefined without one.
 * Only what MESSAGE-INTEGRITY protects is read. `bytes` are those of `message`.
 */
export function readNomination(bytes: Uint8Array, message: StunMessage): number | undefined {
  const end = message.integrity?.offset ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = STUN_HEADER_BYTES; offset + 8 <= end; ) {
    const length = view.getUint16(offset + 2);
    if (view.getUint16(offset) === NOMINATION) {
      return length === 4 ? view.getUint32(offset + 4) : undefined;
    }
    offset += 4 + ((length + 3) & ~3);
  }
  return undefined;
}
