import type { DtlsServer } from "./server.ts";
import type { TestDtlsClient } from "./test-client.ts";

/** Whether a datagram is lost; called once for each in either direction. */
export type Loss = () => boolean;

/** What becomes of a datagram on its way: nothing, itself, copies, other bytes; each so many microseconds late. */
export type Alter = (
  bytes: Uint8Array,
  toServer: boolean,
) => readonly { readonly bytes: Uint8Array; readonly lateUs: number }[];

/** Leaves a datagram as it is. */
export function asItIs(bytes: Uint8Array): ReturnType<Alter> {
  return [{ bytes, lateUs: 0 }];
}

/** A fixed sequence of pseudo-random losses with a share of `share`. */
export function lossy(share: number, seed: number): Loss {
  let state = seed >>> 0;
  return () => {
    // Numerical Recipes' linear congruential generator, upper bits.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 < share;
  };
}

const DELAY_US = 10_000;

/**
 * Runs client and server against each other in simulated time, 10 ms apart, until both are quiet
 * or `limitUs` have passed. Returns the time at the end.
 */
export function runHandshake(
  client: TestDtlsClient,
  server: DtlsServer,
  limitUs = 15_000_000,
  isLost: Loss = () => false,
): number {
  return runAltered(client, server, (bytes) => (isLost() ? [] : asItIs(bytes)), limitUs);
}

/** The same over a link that does anything to datagrams. */
export function runAltered(
  client: TestDtlsClient,
  server: DtlsServer,
  alter: Alter,
  limitUs = 15_000_000,
): number {
  const underWay: { atUs: number; toServer: boolean; bytes: Uint8Array }[] = [];
  let nowUs = 0;
  const send = (sent: Uint8Array, toServer: boolean): void => {
    for (const { bytes, lateUs } of alter(sent, toServer)) {
      underWay.push({ atUs: nowUs + DELAY_US + lateUs, toServer, bytes });
    }
    // The order stays where the times are the same.
    underWay.sort((a, b) => a.atUs - b.atUs);
  };
  client.start(nowUs);
  for (;;) {
    for (let out = client.shiftOutput(); out !== undefined; out = client.shiftOutput()) {
      send(out, true);
    }
    for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
      send(out, false);
    }
    const datagram = underWay[0];
    const nextUs = Math.min(
      datagram?.atUs ?? Number.POSITIVE_INFINITY,
      client.nextTimeoutUs ?? Number.POSITIVE_INFINITY,
      server.nextTimeoutUs ?? Number.POSITIVE_INFINITY,
    );
    if (nextUs > limitUs || (server.state === "closed" && datagram === undefined)) return nowUs;
    nowUs = nextUs;
    if (datagram?.atUs === nextUs) {
      underWay.shift();
      if (datagram.toServer) server.receive(datagram.bytes, nowUs);
      else client.receive(datagram.bytes, nowUs);
    } else {
      client.onTimeout(nowUs);
      server.onTimeout(nowUs);
    }
  }
}
