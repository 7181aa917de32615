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

type Section = "http" | "https" | "rtmp" | "rtmps" | "flvTcp" | "rtc" | "turn";

/** Where something should have listened. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/** The error for the section `section` of the configuration, whose port is under `portKey` there. */
export function listenError(
  section: Section,
  { host, port }: Place,
  error: unknown,
  portKey = "port",
): ListenError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ""] ?? (error as Error).message;
  return new ListenError(
    `Cannot listen on ${host} port ${port}: ${reason}. Change ${section}.host or ${section}.${portKey}.`,
    { cause: error },
  );
}

/** Runs `listen` for the section `section` of the configuration. @throws ListenError */
export async function listening<T>(
  section: Section,
  place: Place,
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    throw listenError(section, place, error);
  }
}
