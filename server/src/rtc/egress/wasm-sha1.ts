import {
  type Code,
  call,
  get,
  I32,
  i32,
  repeat,
  set,
  V128,
  v128,
  type WasmFunction,
} from "./wasm-assembler.ts";

/** Messages that are hashed at the same time, one in each 32-bit lane of a vector. */
export const lanes = 4;
export const stateWords = 5;
const blockWords = 16;
const rounds = 80;
const vectorBytes = 16;

/** FIPS 180-4 section 4.2.1. */
const roundConstants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

/** Where `hmac` finds its work; addresses of arrays, each with room for four vectors or words. */
export interface HmacMemory {
  /** Five vectors. */
  readonly state: number;
  /** Sixteen vectors. */
  readonly schedule: number;
  /** Four words each: where the messages begin, how many blocks they have, where the pads stand, where the tags go. */
  readonly messages: number;
  readonly counts: number;
  readonly pads: number;
  readonly tags: number;
}

const bytesSwapped = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const lowWords = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23];
const highWords = [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31];
const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const highHalves = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

const splat = (word: number): Code => v128.const(word, word, word, word);
const swap = (value: number): Code => v128.shuffle(get(value), get(value), bytesSwapped);
const rotate = (value: number, bits: number): Code =>
  v128.or(v128.shl(get(value), bits), v128.shr(get(value), 32 - bits));

function mix(quarter: number, b: number, c: number, d: number): Code {
  // Ch and Maj as one selection each. FIPS 180-4 section 4.1.1.
  if (quarter === 0) return v128.select(get(c), get(d), get(b));
  if (quarter === 2) return v128.select(get(d), get(b), v128.xor(get(b), get(c)));
  return v128.xor(v128.xor(get(b), get(c)), get(d));
}

/**
 * `(mask)`: the SHA-1 compression of four blocks at once, whose words stand in the schedule, added to the state in
 * those lanes where `mask` has ones. FIPS 180-4 section 6.1.2.
 */
export function compressFunction({ state, schedule }: HmacMemory): WasmFunction {
  const mask = 0;
  const words = 6;
  const scratch = words + blockWords;
  const word = (round: number): number => words + (round % blockWords);
  let [a, b, c, d, e] = [1, 2, 3, 4, 5];
  const at = i32.const(0);
  const code: Code[] = [];
  for (let i = 0; i < stateWords; i++) {
    code.push(set(a + i, v128.load(at, state + i * vectorBytes)));
  }
  for (let i = 0; i < blockWords; i++) {
    code.push(set(words + i, v128.load(at, schedule + i * vectorBytes)));
  }
  for (let round = 0; round < rounds; round++) {
    const now = word(round);
    if (round >= blockWords) {
      const older = v128.xor(get(word(round - 3)), get(word(round - 8)));
      const oldest = v128.xor(get(word(round - 14)), get(now));
      code.push(set(scratch, v128.xor(older, oldest)), set(now, rotate(scratch, 1)));
    }
    const quarter = Math.floor(round / 20);
    const constant = splat(roundConstants[quarter] ?? 0);
    const known = v128.add(v128.add(get(e), constant), get(now));
    const mixed = v128.add(known, mix(quarter, b, c, d));
    code.push(set(e, v128.add(mixed, rotate(a, 5))), set(b, rotate(b, 30)));
    [a, b, c, d, e] = [e, a, b, c, d];
  }
  [a, b, c, d, e].forEach((value, i) => {
    const old = v128.load(at, state + i * vectorBytes);
    const sum = v128.add(old, v128.and(get(value), get(mask)));
    code.push(v128.store(at, sum, state + i * vectorBytes));
  });
  const locals = Array.from({ length: stateWords + blockWords + 1 }, () => V128);
  return { parameters: [V128], locals, code };
}

/** Loads 16 bytes of each message from `offset` on and puts their words into the schedule from word `first` on. */
function transpose(schedule: number, pointers: number, rows: number, first: number): Code {
  const offset = first * 4;
  const at = i32.const(0);
  const put = (i: number, left: number, right: number, pattern: readonly number[]): Code => {
    const words = v128.shuffle(get(left), get(right), pattern);
    return v128.store(at, words, schedule + (first + i) * vectorBytes);
  };
  const load = Array.from({ length: lanes }, (_, lane) => [
    set(rows + lane, v128.load(get(pointers + lane), offset)),
    set(rows + lane, swap(rows + lane)),
  ]);
  const pair = (to: number, left: number, right: number, pattern: readonly number[]): Code =>
    set(rows + lanes + to, v128.shuffle(get(rows + left), get(rows + right), pattern));
  const [x0, x1, x2, x3] = [rows + lanes, rows + lanes + 1, rows + lanes + 2, rows + lanes + 3];
  return [
    load,
    pair(0, 0, 1, lowWords),
    pair(1, 2, 3, lowWords),
    pair(2, 0, 1, highWords),
    pair(3, 2, 3, highWords),
    put(0, x0, x1, lowHalves),
    put(1, x0, x1, highHalves),
    put(2, x2, x3, lowHalves),
    put(3, x2, x3, highHalves),
  ];
}

/** Takes the state of each lane from its pads: that after the inner pad, or after the outer one. */
function loadState({ state, pads }: HmacMemory, pointer: number, first: number): Code {
  const at = i32.const(0);
  return Array.from({ length: lanes }, (_, lane) => [
    set(pointer, i32.load(at, pads + lane * 4)),
    Array.from({ length: stateWords }, (_, i) => {
      const word = i32.load(get(pointer), (first + i) * 4);
      return i32.store(at, word, state + i * vectorBytes + lane * 4);
    }),
  ]);
}

/** `()`: compresses the blocks in the schedule, all lanes. `compress` is the function above. */
export function blockFunction(compress: number): WasmFunction {
  return { exported: "block", parameters: [], code: call(compress, splat(-1)) };
}

/**
 * `(blocks)`: HMAC-SHA1 of four messages, of which the longest has that many blocks and all end in the padding of SHA-1;
 * writes the first ten bytes of each to its tag. RFC 2104 section 2 with the pads hashed beforehand, RFC 3711 section 4.2.1.
 */
export function hmacFunction(memory: HmacMemory, compress: number): WasmFunction {
  const { state, schedule, messages, counts, tags } = memory;
  const [blocks, done, pointers, rows] = [0, 1, 2, 2 + lanes];
  const at = i32.const(0);
  const eachLane = (make: (lane: number) => Code): Code =>
    Array.from({ length: lanes }, (_, lane) => make(lane));
  const word = (i: number, value: Code): Code => v128.store(at, value, schedule + i * vectorBytes);
  const digest = (i: number): Code => v128.load(at, state + i * vectorBytes);
  const outerBits = (64 + stateWords * 4) * 8;
  const active = v128.above(v128.load(at, counts), v128.splat(get(done)));
  const tagOf = (lane: number, words: number): Code => {
    const tag = i32.load(at, tags + lane * 4);
    return [
      i32.store(tag, v128.word(get(words), lane)),
      i32.store(tag, v128.word(get(words + 1), lane), 4),
      i32.store16(tag, v128.word(get(words + 2), lane), 8),
    ];
  };
  return {
    exported: "hmac",
    parameters: [I32],
    locals: [I32, ...Array(lanes).fill(I32), ...Array(2 * lanes).fill(V128)],
    code: [
      loadState(memory, done, 0),
      set(done, at),
      eachLane((lane) => set(pointers + lane, i32.load(at, messages + lane * 4))),
      repeat(
        [
          Array.from({ length: 4 }, (_, i) => transpose(schedule, pointers, rows, 4 * i)),
          call(compress, active),
          eachLane((lane) => set(pointers + lane, i32.add(get(pointers + lane), i32.const(64)))),
          set(done, i32.add(get(done), i32.const(1))),
        ],
        i32.lessThan(get(done), get(blocks)),
      ),
      Array.from({ length: stateWords }, (_, i) => word(i, digest(i))),
      word(stateWords, splat(0x80000000)),
      Array.from({ length: 9 }, (_, i) => word(stateWords + 1 + i, splat(0))),
      word(blockWords - 1, splat(outerBits)),
      loadState(memory, done, stateWords),
      call(compress, splat(-1)),
      Array.from({ length: 3 }, (_, i) => [
        set(rows + i, digest(i)),
        set(rows + i, swap(rows + i)),
      ]),
      eachLane((lane) => tagOf(lane, rows)),
    ],
  };
}
