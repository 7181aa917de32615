import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { HttpTalk, type HttpTalkOptions } from "./http-talk.ts";
import type { MediaRequest } from "./media-request.ts";

/** How long a server may take to begin its answer. Milliseconds. */
export const answerMs = 12_000;

export interface HttpBytesOptions extends HttpTalkOptions {
  readonly request: MediaRequest;
}

/** The body of an answer that goes on for as long as the stream. */
export function openHttpBytes(options: HttpBytesOptions, events: ByteStreamEvents): ByteStream {
  const talk = new HttpTalk(options, events);
  void run(talk, options.request, events);
  return talk;
}

/** Never rejects. */
async function run(talk: HttpTalk, request: MediaRequest, events: ByteStreamEvents): Promise<void> {
  // What is told begins in a later turn than the call that opened the stream.
  await Promise.resolve();
  if (talk.isOver) return;
  const cancel = talk.limit(answerMs);
  try {
    const response = await talk.ask(request);
    cancel();
    const reader = response?.body?.getReader();
    for (;;) {
      const next = await reader?.read();
      if (talk.isOver || next === undefined || next.done) break;
      events.bytes(next.value);
    }
    // Such an answer has no end of its own.
    talk.breaks();
  } catch {
    talk.breaks();
  } finally {
    cancel();
  }
}
