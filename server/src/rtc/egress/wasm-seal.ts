import {
  type Code,
  call,
  get,
  I32,
  i32,
  repeat,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
  when,
} from "./wasm-assembler.ts";
import { hashBlocks } from "./wasm-ghash.ts";

const blockBytes = 16;
const zero = v128.const(0, 0, 0, 0);
const at0 = i32.const(0);

/** Number of 16-byte blocks that hold so many bytes. */
const blocksOf = (bytes: Code): Code => i32.shr(i32.add(bytes, i32.const(15)), i32.const(4));

/** A number below 2^16 in the byte order of the wire, as a 32-bit word. */
const wireWord = (value: Code): Code =>
  i32.or(
    i32.shl(i32.and(value, i32.const(0xff)), i32.const(24)),
    i32.shl(i32.and(value, i32.const(0xff00)), i32.const(8)),
  );

/**
 * `(to, blocks, first)`: counter blocks, the first at `first`, each one above that before in its last byte; at least one.
 * NIST SP 800-38A section 6.5.
 */
export function countersFunction(): WasmFunction {
  const [to, blocks, first, block] = [0, 1, 2, 3];
  return {
    exported: "counters",
    parameters: [I32, I32, I32],
    locals: [V128],
    code: [
      set(block, v128.load(get(first))),
      repeat(
        [
          v128.store(get(to), get(block)),
          set(block, v128.add(get(block), v128.const(0, 0, 0, 1 << 24))),
          set(to, i32.add(get(to), i32.const(blockBytes))),
        ],
        tee(blocks, i32.sub(get(blocks), i32.const(1))),
      ),
    ],
  };
}

/**
 * `(packet, header, text, bytes, stream)`: encrypts `bytes` from `text` behind the header of `header` bytes at `packet` and
 * writes the tag. The key stream's first block masks the tag. RFC 7714 section 8, NIST SP 800-38D section 7.1.
 *
 * What is hashed stands together: the header up to `hashed`, the text from there on. Up to three blocks of zeros and the header
 * need room before it. The text may stand where its cipher text goes.
 */
export function gcmFunction(ghash: number, hashed: number): WasmFunction {
  const [packet, header, text, bytes, stream] = [0, 1, 2, 3, 4];
  const [start, n, end, cipher] = [5, 6, 7, 8];
  const ahead = (local: number): Code => set(local, i32.add(get(local), i32.const(blockBytes)));
  const bits = (local: number): Code => wireWord(i32.shl(get(local), i32.const(3)));
  const groupBytes = hashBlocks * blockBytes;
  return {
    exported: "gcm",
    parameters: [I32, I32, I32, I32, I32],
    locals: [I32, I32, I32, V128],
    code: [
      set(start, i32.sub(i32.const(hashed), i32.shl(blocksOf(get(header)), i32.const(4)))),
      // The header, and zeros after it; both reach into the text's place, which is written later.
      set(n, at0),
      repeat(
        [
          v128.store(i32.add(get(start), get(n)), v128.load(i32.add(get(packet), get(n)))),
          ahead(n),
        ],
        i32.lessThan(get(n), get(header)),
      ),
      v128.store(i32.add(get(start), get(header)), zero),
      Array.from({ length: hashBlocks - 1 }, (_, i) =>
        v128.store(i32.sub(get(start), i32.const((i + 1) * blockBytes)), zero),
      ),
      set(packet, i32.add(get(packet), get(header))),
      set(n, at0),
      when(get(bytes), [
        repeat(
          [
            set(
              cipher,
              v128.xor(
                v128.load(i32.add(get(text), get(n))),
                v128.load(i32.add(get(stream), get(n)), blockBytes),
              ),
            ),
            v128.store(i32.add(get(packet), get(n)), get(cipher)),
            v128.store(get(n), get(cipher), hashed),
            ahead(n),
          ],
          i32.lessThan(get(n), get(bytes)),
        ),
      ]),
      v128.store(get(bytes), zero, hashed),
      // `n` is now the length of the text in whole blocks.
      v128.store(get(n), zero, hashed),
      i32.store(get(n), bits(header), hashed + 4),
      i32.store(get(n), bits(bytes), hashed + 12),
      set(end, i32.add(get(n), i32.const(hashed + blockBytes))),
      set(
        n,
        i32.shr(
          i32.add(i32.sub(get(end), get(start)), i32.const(groupBytes - 1)),
          i32.const(Math.log2(groupBytes)),
        ),
      ),
      set(packet, i32.add(get(packet), get(bytes))),
      call(
        ghash,
        i32.sub(get(end), i32.shl(get(n), i32.const(Math.log2(groupBytes)))),
        get(n),
        get(packet),
      ),
      v128.store(get(packet), v128.xor(v128.load(get(packet)), v128.load(get(stream)))),
    ],
  };
}

/**
 * `(packet, header, text, bytes, stream, rollover)`: encrypts `bytes` from `text` behind the header of `header` bytes at
 * `packet`, and writes after it what is authenticated as well, the roll-over counter, and the padding of SHA-1. Returns how many
 * blocks of 64 bytes that makes. RFC 3711 sections 4.1.1 and 4.2, FIPS 180-4 section 5.1.1.
 */
export function counterModeFunction(): WasmFunction {
  const [packet, header, text, bytes, stream, rollover] = [0, 1, 2, 3, 4, 5];
  const [n, end, blocks] = [6, 7, 8];
  const body = i32.add(get(packet), get(header));
  const byteOf = (shift: number, at: number): Code =>
    i32.store8(get(end), i32.shr(get(rollover), i32.const(shift)), at);
  /** Roll-over counter, the bit after the message and its length. */
  const rest = 4 + 1 + 8;
  const plain = i32.sub(get(end), get(packet));
  const padBits = i32.shl(i32.add(plain, i32.const(4 + 64)), i32.const(3));
  const last = i32.add(get(packet), i32.shl(get(blocks), i32.const(6)));
  return {
    exported: "counterMode",
    parameters: [I32, I32, I32, I32, I32, I32],
    results: [I32],
    locals: [I32, I32, I32],
    code: [
      set(n, at0),
      when(get(bytes), [
        repeat(
          [
            v128.store(
              i32.add(body, get(n)),
              v128.xor(
                v128.load(i32.add(get(text), get(n))),
                v128.load(i32.add(get(stream), get(n))),
              ),
            ),
            set(n, i32.add(get(n), i32.const(blockBytes))),
          ],
          i32.lessThan(get(n), get(bytes)),
        ),
      ]),
      set(end, i32.add(body, get(bytes))),
      set(blocks, i32.shr(i32.add(plain, i32.const(rest + 63)), i32.const(6))),
      byteOf(24, 0),
      byteOf(16, 1),
      byteOf(8, 2),
      byteOf(0, 3),
      // Zeros up to the end of the block, and at most 15 bytes beyond.
      Array.from({ length: 5 }, (_, i) => v128.store(get(end), zero, 4 + i * blockBytes)),
      i32.store8(get(end), i32.const(0x80), 4),
      i32.store(i32.sub(last, i32.const(4)), wireWord(padBits)),
      get(blocks),
    ],
  };
}
