import type { BeaconReport } from "./beacon.ts";
import type { Scheduler } from "./scheduler.ts";
import type { MediaStats } from "./stats-delta.ts";
import type { TransportName } from "./transports/transport.ts";

/** How often is told while something plays. Milliseconds. */
export const beaconEveryMs = 10_000;
/** Reports in one beacon, as many as the server takes. */
const maxReports = 8;

/** What a beacon says besides its reports. */
export interface BeaconAddress {
  /** Where it goes. */
  readonly url: string;
  readonly stream: string;
  /** Absent where a cookie knows the viewer. */
  readonly client: string | undefined;
}

export interface BeaconSenderOptions {
  readonly scheduler: Scheduler;
  /** Undefined: nobody is to be told. */
  address(): BeaconAddress | undefined;
  /** Tells one time of playing from the next. */
  session(): string;
  take(nowMs: number): readonly BeaconReport[];
  /** What the browser counts now, and of which transport. */
  stats(): Promise<{ readonly transport: TransportName; readonly media: MediaStats } | undefined>;
  counted(transport: TransportName, media: MediaStats): void;
  /** Sends a text; false when it could not be sent. `leaving`: the page may be gone before that is known. */
  post(url: string, body: string, leaving: boolean): Promise<boolean>;
}

/** Tells the server now and then what the viewer sees. Never throws; what cannot be sent is told the next time. */
export class BeaconSender {
  readonly #options: BeaconSenderOptions;
  #unsent: readonly BeaconReport[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: BeaconSenderOptions) {
    this.#options = options;
  }

  /** From now on, every ten seconds. May be called twice. */
  start(): void {
    if (this.#cancel !== undefined) return;
    // What could not be sent is of another stream, maybe.
    this.#unsent = [];
    this.#cancel = this.#later();
  }

  /** Tells what there is, and then nothing more. May be called twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.leave();
  }

  /** The page may go away: tells what there is, without asking the browser for more. */
  leave(): void {
    void this.#send(true);
  }

  #later(): () => void {
    return this.#options.scheduler.after(beaconEveryMs, () => {
      void this.#tell().finally(() => {
        if (this.#cancel !== undefined) this.#cancel = this.#later();
      });
    });
  }

  async #tell(): Promise<void> {
    const { stats, counted } = this.#options;
    try {
      const now = await stats();
      if (now !== undefined) counted(now.transport, now.media);
    } catch {
      // Then without figures of the browser.
    }
    await this.#send(false);
  }

  async #send(leaving: boolean): Promise<void> {
    const { address, session, take, post, scheduler } = this.#options;
    const fresh = take(scheduler.nowMs());
    const reports = [...this.#unsent, ...fresh].slice(-maxReports);
    this.#unsent = [];
    const to = address();
    if (to === undefined || reports.length === 0) return;
    const { url, stream, client } = to;
    const body = JSON.stringify({
      ...(client !== undefined && { client }),
      stream,
      session: session(),
      reports,
    });
    const sent = await post(url, body, leaving).catch(() => false);
    if (!sent) this.#unsent = reports;
  }
}
