/** As much of WebAssembly's JavaScript interface as is used here; the types of Node have none. */
interface WebAssemblyInterface {
  validate(module: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (module: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
  }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown };
}

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Absent where Node runs without a compiler (`--jitless`). */
export const webAssembly: WebAssemblyInterface | undefined = (
  globalThis as unknown as { readonly WebAssembly?: WebAssemblyInterface }
).WebAssembly;
