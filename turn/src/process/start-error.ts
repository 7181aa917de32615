import type { TurnFailure } from "./message.ts";

/** The relay could not be started. */
export class TurnStartError extends Error {
  override readonly name = "TurnStartError";
  /** Of the system, such as `EADDRINUSE`, or `TURN_START_FAILED`. */
  readonly code: string;
  /** Where it could not listen, when it was that. */
  readonly address: string | undefined;
  readonly port: number | undefined;

  constructor(failure: TurnFailure) {
    super(sentence(failure));
    this.code = failure.code ?? "TURN_START_FAILED";
    this.address = failure.address;
    this.port = failure.port;
  }
}

function sentence({ message, code, protocol, address, port }: TurnFailure): string {
  if (code === undefined || port === undefined) return `TURN cannot start: ${message}`;
  const place = [protocol, address, "port", port].filter((word) => word !== undefined).join(" ");
  return `TURN cannot listen on ${place}: ${code}`;
}

/** What an error says of itself, fit for a pipe. */
export function failureOf(error: unknown): TurnFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, code, protocol, address, port } = error as NodeJS.ErrnoException & {
    protocol?: string;
    address?: string;
    port?: number;
  };
  return { message, code, protocol, address, port };
}
