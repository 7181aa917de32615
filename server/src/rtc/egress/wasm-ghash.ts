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
} from "./wasm-assembler.ts";

/** Blocks that are multiplied at once, each with a power of the hash key of its own. */
export const hashBlocks = 4;
const blockBytes = 16;
const tableBytes = 256 * blockBytes;
/** Memory of the tables that `ghash` reads. */
export const hashTableBytes: number = hashBlocks * tableBytes;

const reversed = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
const byteDown = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const highToLow = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];
const zero = v128.const(0, 0, 0, 0);

/** Reverses the order of the bytes of a block. */
export function reverse(value: Code): Code {
  return v128.shuffle(value, zero, reversed);
}

/**
 * Multiplies by x to the power of each of `bits`, sums, and drops what leaves the block. Blocks stand reversed: the coefficient
 * of x^0 is the highest bit, so that a power of x is a shift to the right. `high` is a local that it uses.
 */
function timesPowers(value: number, high: number, bits: readonly number[]): Code {
  const [first, ...others] = bits as readonly [number, ...number[]];
  const crossing = (n: number): Code => v128.shl64(get(high), 64 - n);
  const within = (n: number): Code => v128.shr64(get(value), n);
  return [
    set(high, v128.shuffle(get(value), zero, highToLow)),
    others.reduce<Code>(
      (sum, n) => v128.xor(sum, v128.xor(within(n), crossing(n))),
      v128.xor(within(first), crossing(first)),
    ),
  ];
}

/**
 * `(key, table)`: writes the product of the block at `key` with every byte to `table`, reversed: what a byte at the start of a
 * block contributes. NIST SP 800-38D section 6.3 with the 8-bit tables of Shoup's method.
 */
export function tableFunction(): WasmFunction {
  const [key, table, value, high, factor] = [0, 1, 2, 3, 4];
  const body: Code[] = [set(value, reverse(v128.load(get(key)))), v128.store(get(table), zero)];
  for (let bit = 0x80; bit >= 1; bit >>= 1) {
    body.push(v128.store(get(table), get(value), bit * blockBytes));
    if (bit === 1) break;
    // The coefficient of x^127 that leaves comes back as 1 + x + x^2 + x^7.
    const lost = v128.sub64(zero, v128.and(get(value), v128.const(1, 0, 0, 0)));
    const lostHigh = v128.shuffle(lost, zero, [
      ...[16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7],
    ]);
    const back = v128.and(lostHigh, v128.const(0, 0, 0, 0xe1000000));
    body.push(set(value, v128.xor(timesPowers(value, high, [1]), back)));
  }
  for (let bit = 2; bit <= 0x80; bit <<= 1) {
    body.push(set(factor, v128.load(get(table), bit * blockBytes)));
    for (let rest = 1; rest < bit; rest++) {
      const sum = v128.xor(get(factor), v128.load(get(table), rest * blockBytes));
      body.push(v128.store(get(table), sum, (bit + rest) * blockBytes));
    }
  }
  return { parameters: [I32, I32], locals: [V128, V128, V128], code: body };
}

/** `(keys)`: the tables of the four blocks at `keys`, the first for the first block of a group. `table` is the function above. */
export function tablesFunction(table: number, tables: number): WasmFunction {
  const code = Array.from({ length: hashBlocks }, (_, at) =>
    call(table, i32.add(get(0), i32.const(at * blockBytes)), i32.const(tables + at * tableBytes)),
  );
  return { exported: "tables", parameters: [I32], code };
}

/**
 * `(at, groups, result)`: writes GHASH of `groups` × 64 bytes to `result`; at least one group, the bytes are overwritten. Zero
 * blocks in front change nothing. NIST SP 800-38D section 6.4.
 *
 * Each byte picks a product out of a table; those of one byte position are summed first and shifted into place then, and the
 * group is reduced once. Which entries are read depends on the data: like every GHASH without carry-less multiplication it
 * takes for granted that nobody measures the caches of this machine.
 */
export function ghashFunction(tables: number): WasmFunction {
  const [at, groups, result, low, high, sum, spill] = [0, 1, 2, 3, 4, 5, 6];
  const product = (block: number, byte: number): Code =>
    v128.load(
      i32.shl(i32.load8(get(at), block * blockBytes + byte), i32.const(4)),
      tables + block * tableBytes,
    );
  const body: Code[] = [
    v128.store(get(at), v128.xor(v128.load(get(at)), reverse(get(sum)))),
    set(high, zero),
  ];
  for (let byte = blockBytes - 1; byte >= 0; byte--) {
    let products = product(0, byte);
    for (let block = 1; block < hashBlocks; block++) {
      products = v128.xor(products, product(block, byte));
    }
    if (byte === blockBytes - 1) {
      body.push(set(low, products));
      continue;
    }
    body.push(
      set(high, v128.shuffle(get(high), get(low), byteDown)),
      set(low, v128.xor(v128.shuffle(get(low), zero, byteDown), products)),
    );
  }
  body.push(
    // What left the block comes back times 1 + x + x^2 + x^7; it has 15 bytes, so that nothing leaves again.
    set(sum, v128.xor(v128.xor(get(low), get(high)), timesPowers(high, spill, [1, 2, 7]))),
    set(at, i32.add(get(at), i32.const(hashBlocks * blockBytes))),
  );
  return {
    exported: "ghash",
    parameters: [I32, I32, I32],
    locals: [V128, V128, V128, V128],
    code: [
      set(sum, zero),
      repeat(body, tee(groups, i32.sub(get(groups), i32.const(1)))),
      v128.store(get(result), reverse(get(sum))),
    ],
  };
}
