import type { StreamStatus } from "@millrace/signaling/session";

/** Whether both say the same of a stream. The capture time is left out: it is the transport's business. */
export function sameStatus(a: StreamStatus, b: StreamStatus | undefined): boolean {
  const text = (status: StreamStatus | undefined) =>
    JSON.stringify(status, (key, value: unknown) => (key === "captureTime" ? undefined : value));
  return text(a) === text(b);
}
