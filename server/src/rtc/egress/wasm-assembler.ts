/** A piece of WebAssembly code or of a module, nested at will. WebAssembly core specification, section 5. */
export type Code = number | readonly Code[];

/** Value types. WebAssembly core specification, section 5.3. */
export const I32 = 0x7f;
export const V128 = 0x7b;

const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const;
const funcType = 0x60;
const memoryKind = 2;
const functionKind = 0;
const end = 0x0b;
const emptyBlock = 0x40;
const simdPrefix = 0xfd;

/** Unsigned LEB128. Section 5.2.2. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of 32 bits. Section 5.2.2. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

function flat(code: Code, into: number[] = []): number[] {
  if (typeof code === "number") into.push(code);
  else for (const part of code) flat(part, into);
  return into;
}

const list = (items: readonly Code[]): Code => [unsigned(items.length), items];
const name = (text: string): Code => list([...text].map((letter) => letter.charCodeAt(0)));

function part(id: number, body: Code): Code {
  const bytes = flat(body);
  return [id, unsigned(bytes.length), bytes];
}

/** One function of a module; its locals are numbered after its parameters. */
export interface WasmFunction {
  /** Unset: only other functions of the module call it. */
  readonly exported?: string;
  readonly parameters: readonly number[];
  readonly results?: readonly number[];
  readonly locals?: readonly number[];
  readonly code: Code;
}

/** A module that imports the memory `env.memory` of `pages` × 64 KiB and exports functions. Functions are numbered as listed. */
export function writeModule(
  functions: readonly WasmFunction[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, results = [] }) => [
    funcType,
    list(parameters),
    list(results),
  ]);
  const exported = functions.flatMap((one, index) =>
    one.exported === undefined ? [] : [[name(one.exported), functionKind, unsigned(index)]],
  );
  const bodies = functions.map(({ locals = [], code }) => {
    const body = flat([list(locals.map((type) => [1, type])), code, end]);
    return [unsigned(body.length), body];
  });
  const limits = [1, unsigned(pages), unsigned(pages)];
  return Uint8Array.from(
    flat([
      magic,
      part(section.types, list(types)),
      part(section.imports, list([[name("env"), name("memory"), memoryKind, limits]])),
      part(section.functions, list(functions.map((_, index) => unsigned(index)))),
      part(section.exports, list(exported)),
      part(section.code, list(bodies)),
    ]),
  );
}

const simd = (opcode: number, ...immediates: Code[]): Code => [
  simdPrefix,
  unsigned(opcode),
  immediates,
];
/** Memory operands carry an alignment that is only a hint; none of ours is aligned. */
const memory =
  (opcode: number) =>
  (address: Code, offset: number = 0): Code => [address, opcode, 0, unsigned(offset)];
const simdMemory =
  (opcode: number) =>
  (address: Code, offset: number = 0): Code => [address, simd(opcode, 0, unsigned(offset))];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset: number = 0): Code => [
    address,
    value,
    opcode,
    0,
    unsigned(offset),
  ];
const binary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [left, right, opcode];
const vector =
  (opcode: number) =>
  (left: Code, right: Code): Code => [left, right, simd(opcode)];

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const tee = (local: number, value: Code): Code => [value, 0x22, unsigned(local)];
export const call = (index: number, ...args: Code[]): Code => [args, 0x10, unsigned(index)];
/** Runs `body` at least once, and again as long as the i32 `again` is not 0. */
export const repeat = (body: Code, again: Code): Code => [
  ...[0x03, emptyBlock, body, again, 0x0d, 0, end],
];
export const when = (condition: Code, body: Code): Code => [condition, 0x04, emptyBlock, body, end];

type Binary = (left: Code, right: Code) => Code;
type Load = (address: Code, offset?: number) => Code;
type Store = (address: Code, value: Code, offset?: number) => Code;
type Shift = (value: Code, bits: number) => Code;

interface I32Instructions {
  readonly const: (value: number) => Code;
  readonly load: Load;
  readonly load8: Load;
  readonly store: Store;
  readonly store8: Store;
  readonly store16: Store;
  /** Unsigned. */
  readonly lessThan: Binary;
  readonly add: Binary;
  readonly sub: Binary;
  readonly and: Binary;
  readonly or: Binary;
  readonly shl: Binary;
  /** Unsigned. */
  readonly shr: Binary;
}

interface V128Instructions {
  readonly load: Load;
  readonly store: Store;
  readonly const: (...words: readonly [number, number, number, number]) => Code;
  /** Bytes of `left` are numbered 0 to 15, those of `right` 16 to 31. */
  readonly shuffle: (left: Code, right: Code, lanes: readonly number[]) => Code;
  /** Word `lane` of a vector of four. */
  readonly word: (value: Code, lane: number) => Code;
  readonly and: Binary;
  readonly or: Binary;
  readonly xor: Binary;
  /** Bits of `ones` where `mask` has 1, of `zeros` elsewhere. */
  readonly select: (ones: Code, zeros: Code, mask: Code) => Code;
  /** Of words, as `shl` and `shr`, which is unsigned. */
  readonly add: Binary;
  readonly shl: Shift;
  readonly shr: Shift;
  /** Of halves, as `shr64` and `sub64`. */
  readonly shl64: Shift;
  readonly shr64: Shift;
  readonly sub64: Binary;
  readonly splat: (word: Code) => Code;
  /** All ones in each word of `left` that is above that of `right`, both signed. */
  readonly above: Binary;
}

/** Instructions on i32. WebAssembly core specification, section 5.4. */
export const i32: I32Instructions = {
  const: (value: number): Code => [0x41, signed(value)],
  load: memory(0x28),
  load8: memory(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  store16: store(0x3b),
  lessThan: binary(0x49),
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  shl: binary(0x74),
  shr: binary(0x76),
};

/** Instructions on v128. WebAssembly core specification, section 5.4.8. */
export const v128: V128Instructions = {
  load: simdMemory(0),
  store: (address: Code, value: Code, offset: number = 0): Code => [
    address,
    value,
    simd(11, 0, unsigned(offset)),
  ],
  const: (...words: readonly [number, number, number, number]): Code =>
    simd(12, ...words.map((w) => [w & 0xff, (w >>> 8) & 0xff, (w >>> 16) & 0xff, w >>> 24])),
  shuffle: (left: Code, right: Code, lanes: readonly number[]): Code => [
    left,
    right,
    simd(13, ...lanes),
  ],
  word: (value: Code, lane: number): Code => [value, simd(27, lane)],
  and: vector(78),
  or: vector(80),
  xor: vector(81),
  select: (ones: Code, zeros: Code, mask: Code): Code => [ones, zeros, mask, simd(82)],
  add: vector(174),
  shl: (value: Code, bits: number): Code => [value, i32.const(bits), simd(171)],
  shr: (value: Code, bits: number): Code => [value, i32.const(bits), simd(173)],
  shl64: (value: Code, bits: number): Code => [value, i32.const(bits), simd(203)],
  shr64: (value: Code, bits: number): Code => [value, i32.const(bits), simd(205)],
  sub64: vector(209),
  splat: (word: Code): Code => [word, simd(17)],
  above: vector(59),
};
