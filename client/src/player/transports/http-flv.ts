import { flvWay } from "./flv-way.ts";
import { openHttpBytes } from "./http-bytes.ts";
import { mediaRequest } from "./media-request.ts";
import { type Way, webOf } from "./way.ts";

/** FLV in an answer that goes on. */
export const httpFlv: Way = flvWay((context, events) =>
  openHttpBytes({ ...webOf(context), request: mediaRequest(context.address, ".flv") }, events),
);
