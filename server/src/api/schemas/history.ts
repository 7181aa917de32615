import { z } from "zod";
import type { HistoryDocument } from "../history.ts";
import { amount, count, documentOf } from "./schema.ts";

const amounts = z.array(amount);
const counts = z.array(count);

export const historySchema: z.ZodType<HistoryDocument> = documentOf<HistoryDocument>(
  "History",
  "What the server was like in the last minutes, in columns of equal length, oldest sample first.",
  {
    stepMs: count.describe("From one sample to the next."),
    samples: count.describe("That are kept."),
    cores: count.describe("Of the machine."),
    now: documentOf<HistoryDocument["now"]>("HistoryNow", "Counted for this answer.", {
      timeMs: count,
      streams: count,
      live: count,
      viewers: z.record(z.string(), count).describe("By transport."),
    }),
    times: counts.describe("When each sample was taken. Milliseconds since 1970."),
    streams: counts.describe("That were live."),
    viewers: z.record(z.string(), counts).describe("By transport."),
    inBps: amounts.describe("Bits per second from publishers."),
    outBps: amounts.describe("Bits per second to viewers."),
    cpu: amounts.describe("Cores that the process used."),
    memoryBytes: amounts,
    lagMs: amounts.describe("How long the event loop kept others waiting."),
  },
);
