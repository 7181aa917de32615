import { Duplex } from "node:stream";
import type { RefusedError } from "../../core/index.ts";
import { type ParsedFlv, parseFlv } from "./test-flv.ts";
import type { Carrier } from "./viewer.ts";

/** A socket whose other side reads only when the test says so. */
export class TestSocket extends Duplex {
  /** Reads at once whatever comes. */
  reads: boolean;
  taken: Buffer = Buffer.alloc(0);
  #blocked: (() => void) | undefined;

  constructor(reads = true) {
    super({ writableHighWaterMark: 64 });
    this.reads = reads;
  }

  override _read(): void {}

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.taken = Buffer.concat([this.taken, part]);
      done();
    };
    if (this.reads) take();
    else this.#blocked = take;
  }

  /** The other side reads again. */
  resumeReading(): void {
    this.reads = true;
    this.#blocked?.();
    this.#blocked = undefined;
  }
}

/** A connection for tests that notes what is done with it; its bytes are framed as for HTTP/1.0. */
export class TestCarrier implements Carrier {
  readonly wire = "raw";
  readonly socket: TestSocket;
  begun = 0;
  refused: RefusedError | undefined;
  ended: string | undefined;
  aborted = false;

  constructor(reads = true) {
    this.socket = new TestSocket(reads);
  }

  begin(): void {
    this.begun++;
  }

  refuse(error: RefusedError): void {
    this.refused = error;
  }

  end(code: string): void {
    this.ended = code;
  }

  abort(): void {
    this.aborted = true;
  }

  /** What the other side has. */
  get flv(): ParsedFlv {
    return parseFlv(this.socket.taken);
  }
}
