/** A `WebSocket` for tests, which are its server. */
export class FakeSocket extends EventTarget {
  readonly url: string;
  binaryType = "blob";
  closed = false;

  constructor(url: string) {
    super();
    this.url = url;
  }

  open(): void {
    this.dispatchEvent(new Event("open"));
  }

  message(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  /** The server closes it, or it breaks. */
  shut(reason: string): void {
    this.dispatchEvent(Object.assign(new Event("close"), { reason }));
  }

  close(): void {
    this.closed = true;
  }
}
