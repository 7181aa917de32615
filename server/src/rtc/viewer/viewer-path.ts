import type { Peer, RemoteAddress } from "../peer.ts";

/** Relayed candidates of one client that are remembered. */
export const maxRelayedAddresses = 32;

/** RFC 8839 section 5.1: component, transport, priority, address, port, type. */
const relayed = /(?:^|[\r\n]|a=)candidate:\S+ \d+ udp \d+ (\S+) (\d+) typ relay\b/gi;

/** How media of a client travels. */
export type PathKind = "udp" | "tcp" | "relay";

/**
 * How media travels to one client: over a TURN server when it goes to an address that the client's candidates call relayed,
 * wherever that server stands. A client that does not tell its relayed candidates counts as direct.
 */
export class ViewerPath {
  readonly #ports = new Map<number, Set<string>>();
  #size = 0;
  #last: PathKind | undefined;

  /** Reads a description, or one `candidate:` line. */
  note(text: string): void {
    for (const [, address = "", port = ""] of text.matchAll(relayed)) {
      if (this.#size >= maxRelayedAddresses) return;
      const addresses = this.#ports.get(Number(port)) ?? new Set();
      this.#ports.set(Number(port), addresses);
      if (addresses.has(address)) continue;
      addresses.add(address);
      this.#size++;
    }
  }

  /** Of the pair that is in use, or was last. */
  of({ remote, traffic }: Pick<Peer, "remote" | "traffic">): PathKind | undefined {
    if (remote !== undefined) this.#last = this.#isRelayed(remote) ? "relay" : traffic?.protocol;
    return this.#last;
  }

  #isRelayed({ address, port }: RemoteAddress): boolean {
    return this.#ports.get(port)?.has(address) === true;
  }
}
