/** A listener could not be opened. The message names the key to change. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "LISTEN_FAILED";
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses it",
  EACCES: "this user may not open it",
  EADDRNOTAVAIL: "this machine has no such address",
};

/** Runs `listen` for the section `section` of the configuration. @throws ListenError */
export async function listening<T>(
  section: "http" | "rtmp" | "flvTcp" | "rtc",
  place: { readonly host: string; readonly port: number },
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = reasons[code ?? ""] ?? (error as Error).message;
    throw new ListenError(
      `Cannot listen on ${place.host} port ${place.port}: ${reason}. Change ${section}.host or ${section}.port.`,
      { cause: error },
    );
  }
}
