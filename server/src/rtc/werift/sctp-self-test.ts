import type { Clock } from "../../core/ports.ts";
import type { SctpAssociation } from "../data/sctp.ts";
import { createSctpCore, createWeriftSctpClient, type WeriftSctpClient } from "./sctp-adapter.ts";
import { openSctp } from "./sctp-association.ts";
import { missingOfCore } from "./sctp-core.ts";

/** Takes milliseconds when all is well; a machine that is busy with other things is no fault. */
const LIMIT_MS = 20_000;
const PORT = 5000;
/** More than one packet. */
const MESSAGE = new Uint8Array(3000).fill(7);

const clock: Clock = {
  nowUs: () => Math.round(performance.now() * 1000),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * Whether our association and werift's own shake hands, carry a message each way and end a stream, in this
 * process. Gives what is wrong; undefined when all is well.
 */
export async function checkSctp(limitMs: number = LIMIT_MS): Promise<string | undefined> {
  const core = createSctpCore(PORT, 1160, () => {});
  const missing = missingOfCore(core);
  if (missing.length > 0) return `werift's SCTP has no ${missing.join(", ")}`;
  const events = new Set<string>();
  const ends: { near?: SctpAssociation; far?: WeriftSctpClient } = {};
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      const saw = (event: string): void => {
        events.add(event);
        if (event === "established") {
          ends.near?.send({
            streamId: 1,
            ppid: 53,
            bytes: MESSAGE,
            ordered: true,
            maxRetransmits: undefined,
            expiresUs: undefined,
          });
          ends.far?.send(2, 53, MESSAGE);
        }
        if (event === "at werift") ends.near?.reset(1);
        if (["at us", "at werift", "stream ended"].every((one) => events.has(one)))
          resolve(undefined);
      };
      limit = setTimeout(() => resolve(`only ${[...events].join(", ")}`), limitMs);
      ends.near = openSctp(
        { port: PORT, clock },
        {
          send: (packet) => {
            setImmediate(() => {
              ends.far?.receive(packet).catch((error: unknown) => resolve(String(error)));
            });
          },
          established: () => saw("established"),
          message: (_id, _ppid, bytes) => saw(isMessage(bytes) ? "at us" : "changed at us"),
          messageTooLong: () => saw("too long"),
          streamsReset: () => saw("stream reset"),
          resetDone: () => saw("stream ended"),
          closed: (code) => resolve(code),
        },
      );
      ends.far = createWeriftSctpClient(PORT, {
        send: (packet) => {
          const copy = Uint8Array.from(packet);
          setImmediate(() => ends.near?.receive(copy));
        },
        message: (_id, _ppid, bytes) => saw(isMessage(bytes) ? "at werift" : "changed at werift"),
        streamsReset() {},
      });
      ends.far.start();
    });
  } finally {
    clearTimeout(limit);
    ends.near?.close();
    ends.far?.close();
  }
}

function isMessage(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, MESSAGE) === 0;
}
