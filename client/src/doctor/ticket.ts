import { type Check, summaryOf } from "./check.ts";

/** Where and when was looked. */
export interface TicketPlace {
  /** Of the page, as the browser shows it. Its query is left out but for the stream. */
  readonly address: string;
  readonly userAgent: string;
  readonly languages: readonly string[];
  /** Wall clock, milliseconds since 1970. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly online: boolean;
  /** What the browser says of its network, such as `4g`; empty when it says nothing. */
  readonly network: string;
}

/** A report for whoever helps. Has no token, no credential and no address of the person who looked. */
export interface Ticket {
  readonly kind: "millrace-doctor-page";
  readonly format: 1;
  readonly page: string;
  readonly stream?: string;
  readonly userAgent: string;
  readonly languages: readonly string[];
  readonly online: boolean;
  readonly network: string;
  readonly startedAt: string;
  readonly tookMs: number;
  readonly summary: string;
  readonly checks: readonly Check[];
}

export function writeTicket(place: TicketPlace, checks: readonly Check[]): Ticket {
  const url = new URL(place.address);
  const stream = url.searchParams.get("stream");
  return {
    kind: "millrace-doctor-page",
    format: 1,
    page: url.origin + url.pathname,
    ...(stream === null ? {} : { stream }),
    userAgent: place.userAgent,
    languages: place.languages,
    online: place.online,
    network: place.network,
    startedAt: new Date(place.startedMs).toISOString(),
    tookMs: Math.round(place.tookMs),
    summary: summaryOf(checks),
    checks,
  };
}

/** A name for the file: when it was made, in letters that every system takes. */
export function ticketFileName({ startedAt }: Ticket): string {
  return `millrace-doctor-${startedAt.slice(0, 19).replaceAll(":", "-")}Z.json`;
}
