import { randomInt } from "node:crypto";

/** So many different SSRCs. RFC 3550 section 8.1. */
export function randomSsrcs(count: number): readonly number[] {
  const ssrcs = new Set<number>();
  // 0 is left out: many tools take it for "none".
  while (ssrcs.size < count) ssrcs.add(randomInt(1, 2 ** 32));
  return [...ssrcs];
}
