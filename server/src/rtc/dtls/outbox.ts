import { ContentType, writePlainRecord } from "./record.ts";
import type { RecordCipher } from "./record-cipher.ts";
import { join } from "./tls-writer.ts";

/** Longest datagram we send: it passes tunnels and IPv6's smallest link. RFC 6347 section 4.1.1.1. */
export const MAX_DATAGRAM_BYTES = 1200;

/** Numbers records of both epochs and packs those of one flight into datagrams. */
export class Outbox {
  #plainSequence = 0;
  #sealedSequence = 0;
  #datagrams: Uint8Array[] = [];
  #open: Uint8Array[] = [];
  #openBytes = 0;

  /** Appends a record of epoch 0. */
  plain(type: number, content: Uint8Array): void {
    this.#append(writePlainRecord(type, this.#plainSequence++, content));
  }

  /** Appends a record of epoch 1. */
  sealed(cipher: RecordCipher, type: number, content: Uint8Array): void {
    this.#append(cipher.seal(type, this.#sealedSequence++, content));
  }

  /** Finished datagrams that were not taken yet. */
  get waiting(): number {
    return this.#datagrams.length;
  }

  /** Ends the current datagram. */
  flush(): void {
    if (this.#open.length === 0) return;
    this.#datagrams.push(join(this.#open));
    this.#open = [];
    this.#openBytes = 0;
  }

  /** The oldest finished datagram that was not taken yet. */
  shift(): Uint8Array | undefined {
    return this.#datagrams.shift();
  }

  #append(record: Uint8Array): void {
    if (record.length > MAX_DATAGRAM_BYTES) throw new RangeError("record longer than a datagram");
    if (this.#openBytes + record.length > MAX_DATAGRAM_BYTES) this.flush();
    this.#open.push(record);
    this.#openBytes += record.length;
  }
}

/** One thing of a flight, kept so that it can be sent again. */
export type FlightItem =
  | { readonly type: "handshake"; readonly bytes: Uint8Array; readonly sealed: boolean }
  | { readonly type: "changeCipherSpec" };

/** Sends a flight, or sends it again under new record numbers. RFC 6347 section 4.2.4. */
export function sendFlight(
  outbox: Outbox,
  flight: readonly FlightItem[],
  cipher: RecordCipher | undefined,
): void {
  for (const item of flight) {
    if (item.type === "changeCipherSpec") {
      outbox.plain(ContentType.changeCipherSpec, Uint8Array.of(1));
    } else if (item.sealed && cipher !== undefined) {
      outbox.sealed(cipher, ContentType.handshake, item.bytes);
    } else {
      outbox.plain(ContentType.handshake, item.bytes);
    }
  }
  outbox.flush();
}
