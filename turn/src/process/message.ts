import type { PemPair } from "../certificate.ts";
import type { TurnOptions } from "../relay/turn-options.ts";
import type { AllocationEvent, RefusedEvent, TurnStats } from "../relay/turn-stats.ts";

/** One place where the relay listens. */
export interface TurnAddress {
  readonly protocol: "udp" | "tcp" | "tls";
  /** IP address; `0.0.0.0` and `::` stand for all. */
  readonly host: string;
  readonly port: number;
}

/** What a relay tells of itself. */
export const turnEventTypes = ["allocated", "refreshed", "released", "refused"] as const;

export type TurnEventType = (typeof turnEventTypes)[number];

/** Something that happened, for logs and metrics. Has no secret in it, but addresses of clients. */
export type TurnEvent =
  | { readonly type: "allocated" | "refreshed" | "released"; readonly details: AllocationEvent }
  | { readonly type: "refused"; readonly details: RefusedEvent };

/** A failure that goes through the pipe between the processes. */
export interface TurnFailure {
  readonly message: string;
  /** Of the system, such as `EADDRINUSE`, or stable of ours. */
  readonly code?: string | undefined;
  readonly protocol?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** What the supervisor says to the relay's process. Messages hold the secrets: they never are on a command line. */
export type ToRelay =
  | { readonly type: "start"; readonly options: TurnOptions }
  | { readonly type: "certificate"; readonly tls: PemPair }
  | { readonly type: "ask"; readonly question: number }
  | { readonly type: "stop"; readonly drainMs: number };

/** What the relay's process says. `started` and `failed` answer `start`; `answer` answers `ask`; it ends after `stop`. */
export type FromRelay =
  | { readonly type: "started"; readonly listening: readonly TurnAddress[] }
  | { readonly type: "failed"; readonly failure: TurnFailure }
  | { readonly type: "answer"; readonly question: number; readonly stats: TurnStats }
  | { readonly type: "events"; readonly events: readonly TurnEvent[]; readonly dropped: number }
  | {
      readonly type: "log";
      readonly level: TurnLogLevel;
      readonly fields: object;
      readonly message: string;
    };

export const turnLogLevels = ["error", "warn", "info", "debug"] as const;

export type TurnLogLevel = (typeof turnLogLevels)[number];

/** Takes log lines; a gateway's log will do. */
export type TurnLog = Readonly<Record<TurnLogLevel, (fields: object, message: string) => void>>;
