import { partsWay } from "./parts-way.ts";
import { openPollRecords } from "./poll-records.ts";
import { type Way, webOf } from "./way.ts";

/** Beside the lumps in which media comes, which the control of the live edge measures itself. Seconds. */
const targetSeconds = 0.8;

/** Media parts by long-polling, through proxies that hold back answers until they are complete. */
export const longPoll: Way = partsWay(targetSeconds, (context, sound, events) =>
  openPollRecords({ ...webOf(context), address: context.address, sound }, events),
);
