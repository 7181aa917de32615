import type { Figures } from "./metrics/index.ts";
import type { EgressCore } from "./rtc/egress/core.ts";
import { NativeEgressCore } from "./rtc/egress/native-core.ts";
import type { RtcCounters } from "./rtc/net/counters.ts";

/** What the WebRTC port has seen, as metrics tell it. */
export function rtcFigures(counters: Readonly<RtcCounters>): Figures {
  const { peers, addresses, tcpConnections, ...growing } = counters;
  return { growing, present: { peers, addresses, tcpConnections } };
}

/** What the native egress has done, as metrics tell it; undefined where another tier runs. */
export function nativeFigures(core: EgressCore | undefined): Figures | undefined {
  if (!(core instanceof NativeEgressCore)) return undefined;
  return { growing: { ...core.counters }, present: {} };
}
