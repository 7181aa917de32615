import { loadNative } from "./native-module.ts";
import { NativeSockets } from "./native-sockets.ts";

export { NativeSockets } from "./native-sockets.ts";

/** Native code was asked for that does not work here. */
export class DataPathUnavailableError extends Error {
  readonly code = "TURN_DATA_PATH_UNAVAILABLE";
}

/**
 * The native data path where it was built and is not unwanted; undefined where Node's sockets do its work.
 * @throws DataPathUnavailableError when `native` was asked for and does not work.
 */
export function openNative(
  wanted: "auto" | "native" | "node",
  log: { warn(fields: object, message: string): void },
): NativeSockets | undefined {
  if (wanted === "node") return undefined;
  let why = "it was not built (scripts/build-native.mjs needs a C compiler)";
  try {
    const native = loadNative();
    if (native !== undefined) return new NativeSockets(native);
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
    log.warn(
      { code: "TURN_DATA_PATH_UNAVAILABLE", error: why },
      "the native data path is not used",
    );
  }
  if (wanted === "native")
    throw new DataPathUnavailableError(`turn.dataPath is native, but ${why}`);
  return undefined;
}
