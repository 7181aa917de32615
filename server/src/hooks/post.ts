export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Longest answer that is read, bytes. */
  readonly maxAnswerBytes: number;
}

/** What a receiver said. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Posts a text and reads the answer. Redirects are not followed: what is sent may be secret.
 * @throws Error when there is no whole answer of the allowed length.
 */
export async function post(url: string, body: string, options: PostOptions): Promise<PostAnswer> {
  const { headers, signal, maxAnswerBytes } = options;
  const response = await fetch(url, { method: "POST", body, headers, signal, redirect: "error" });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, body: Buffer.concat(chunks).toString("utf8") };
}
