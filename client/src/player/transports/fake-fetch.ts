/** One request of a `FakeFetch`: tests answer it as a server would. */
export class FakeCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  readonly answered: Promise<Response>;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(url: string, init: RequestInit = {}) {
    this.url = new URL(url);
    this.method = init.method ?? "GET";
    this.headers = new Headers(init.headers);
    this.signal = init.signal ?? undefined;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.signal?.addEventListener("abort", () => this.break());
  }

  get aborted(): boolean {
    return this.signal?.aborted ?? false;
  }

  /** Begins an answer whose body goes on. */
  begin(status = 200, headers: Record<string, string> = {}): void {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
    });
    this.#resolve(new Response(status === 204 ? null : body, { status, headers }));
  }

  send(bytes: Uint8Array): void {
    this.#body?.enqueue(bytes.slice());
  }

  end(): void {
    this.#body?.close();
  }

  /** A whole answer. */
  answer(
    status: number,
    body: string | Uint8Array = "",
    headers: Record<string, string> = {},
  ): void {
    this.begin(status, headers);
    if (status === 204) return;
    this.send(typeof body === "string" ? new TextEncoder().encode(body) : body);
    this.end();
  }

  /** A refusal with a problem document. */
  refuse(status: number, code: string, detail = ""): void {
    const type = { "Content-Type": "application/problem+json" };
    this.answer(status, JSON.stringify({ status, code, detail }), type);
  }

  /** The connection breaks. */
  break(): void {
    const error = new TypeError("network error");
    this.#reject(error);
    try {
      this.#body?.error(error);
    } catch {
      // The body has ended already.
    }
  }
}

/** `fetch` for tests: requests wait in `calls` until they are answered. */
export class FakeFetch {
  readonly calls: FakeCall[] = [];

  readonly fetch: typeof fetch = (input, init) => {
    const call = new FakeCall(String(input), init);
    this.calls.push(call);
    return call.answered;
  };

  /** The newest request. */
  get last(): FakeCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error("Nothing was asked for.");
    return call;
  }
}

/** Lets streams and promises hand on what they have. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => setTimeout(resolve));
  }
}
