import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { partsWay } from "./parts-way.ts";
import { openSseRecords } from "./sse-records.ts";
import { type Way, webOf } from "./way.ts";

/** Seconds. */
const targetSeconds = 0.6;

/** Media parts as text in server-sent events, where nothing but text passes. */
export const sse: Way = partsWay(targetSeconds, (context, sound, events) => {
  const query = { media: "1", ...(sound === "aac" && { sound }) };
  const request = mediaRequest(context.address, ".sse", query);
  return openSseRecords(
    (byteEvents) => openHttpBytes({ ...webOf(context), request }, byteEvents),
    events,
  );
});
