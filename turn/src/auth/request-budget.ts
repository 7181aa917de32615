import { isMapped, parseAddress } from "../stun/index.ts";
import { RecentMap } from "./recent-map.ts";

export interface RequestBudgetOptions {
  /** Milliseconds that never go back. */
  nowMs(): number;
  /** Bytes that one source may be sent at once. Default 65536: some 600 challenges. */
  readonly burstBytes?: number | undefined;
  /** Bytes per second that one source gets back. Default 8192. */
  readonly bytesPerSecond?: number | undefined;
  /** Bytes that all sources together may be sent at once. Default 1 MiB. */
  readonly totalBurstBytes?: number | undefined;
  /** Bytes per second that all sources together get back. Default 1 MiB. */
  readonly totalBytesPerSecond?: number | undefined;
  /** Sources that are remembered at most. Default 16384. */
  readonly maxSources?: number | undefined;
}

/** A reply that is this many times its request, or less, amplifies nothing. */
const harmlessRatio = 1.2;

/**
 * Bounds what requests with a forged source address can make this server send to a victim. Who has proved nothing
 * gets replies that are larger than his request only out of a budget: of his address prefix (IPv4 /32, IPv6 /64),
 * and of all such sources together. Whatever is forgotten when the table is full is bounded by the latter.
 */
export class RequestBudget {
  readonly #nowMs: () => number;
  readonly #burstBytes: number;
  readonly #bytesPerMs: number;
  readonly #total: Bucket;
  readonly #totalBurstBytes: number;
  readonly #totalBytesPerMs: number;
  readonly #sources: RecentMap<Bucket>;

  constructor(options: RequestBudgetOptions) {
    this.#nowMs = () => options.nowMs();
    this.#burstBytes = options.burstBytes ?? 65_536;
    this.#bytesPerMs = (options.bytesPerSecond ?? 8192) / 1000;
    this.#totalBurstBytes = options.totalBurstBytes ?? 1_048_576;
    this.#totalBytesPerMs = (options.totalBytesPerSecond ?? 1_048_576) / 1000;
    this.#sources = new RecentMap(options.maxSources ?? 16_384);
    this.#total = { bytes: this.#totalBurstBytes, atMs: options.nowMs() };
  }

  /** Sources that are remembered now. */
  get sources(): number {
    return this.#sources.size;
  }

  /**
   * Whether an unauthenticated source may be sent this reply; what is allowed is taken from its budget. `address` is
   * the source's IP address as text; lengths are those of the messages.
   */
  allows(address: string, requestBytes: number, replyBytes: number): boolean {
    if (replyBytes <= requestBytes * harmlessRatio) return true;
    const nowMs = this.#nowMs();
    fill(this.#total, nowMs, this.#totalBytesPerMs, this.#totalBurstBytes);
    if (this.#total.bytes < replyBytes) return false;
    const source = this.#source(prefixOf(address), nowMs);
    fill(source, nowMs, this.#bytesPerMs, this.#burstBytes);
    if (source.bytes < replyBytes) return false;
    source.bytes -= replyBytes;
    this.#total.bytes -= replyBytes;
    return true;
  }

  #source(prefix: string, nowMs: number): Bucket {
    const known = this.#sources.get(prefix);
    if (known !== undefined) return known;
    const source = { bytes: this.#burstBytes, atMs: nowMs };
    this.#sources.set(prefix, source);
    return source;
  }
}

interface Bucket {
  bytes: number;
  atMs: number;
}

function fill(bucket: Bucket, nowMs: number, bytesPerMs: number, burstBytes: number): void {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.bytes = Math.min(burstBytes, bucket.bytes + passedMs * bytesPerMs);
  bucket.atMs = nowMs;
}

/** What one source cannot easily have many of. An IPv4-mapped address is the IPv4 address that it stands for. */
function prefixOf(address: string): string {
  if (!address.includes(":")) return address;
  const bytes = parseAddress(address);
  if (bytes === undefined) return address;
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  return Buffer.from(bytes.buffer, bytes.byteOffset, 8).toString("hex");
}
