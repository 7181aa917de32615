import { SignalingError } from "../protocol/index.ts";
import { Backoff } from "./backoff.ts";
import { IceRestarter, type IceRestarterOptions, type RestartablePeer } from "./ice-restarter.ts";
import {
  type NegotiateOptions,
  type Negotiating,
  type NegotiatingPeer,
  type NegotiationChannel,
  negotiate,
} from "./negotiate.ts";
import { watchNetwork } from "./network-changes.ts";
import { type CountingPeer, SilenceWatch } from "./silence-watch.ts";

/** What a lasting negotiation needs of an `RTCPeerConnection`. */
export type LastingPeer = NegotiatingPeer & RestartablePeer & CountingPeer;

/**
 * `failed` is told `ICE_FAILED` when no way was found for long, and refusals; not what passes by itself, such
 * as a server that cannot be reached for a moment.
 */
export interface LastingOptions extends NegotiateOptions {
  readonly ice?: IceRestarterOptions;
}

/** Offers that failed for these reasons are made again. */
const passing: ReadonlySet<string> = new Set(["TIMEOUT", "DISCONNECTED", "RATE_LIMITED"]);

/**
 * Negotiates like `negotiate`, for as long as the session lives: restarts ICE when the way is lost or falls silent, the
 * network changes or signaling had to reconnect, and offers again what could not be sent.
 */
export function negotiateLasting(
  pc: LastingPeer,
  session: NegotiationChannel,
  options: LastingOptions,
): Negotiating {
  const backoff = new Backoff(1000, 8000);
  let again: ReturnType<typeof setTimeout> | undefined;

  const retry = (): void => {
    clearTimeout(again);
    again = undefined;
    negotiating.retry();
  };
  const failed = (error: unknown): void => {
    if (!(error instanceof SignalingError) || !passing.has(error.code)) options.failed(error);
    else again ??= setTimeout(retry, backoff.next());
  };
  const negotiating = negotiate(pc, session, { ...options, failed });
  const restarter = new IceRestarter(
    pc,
    () => options.failed(new SignalingError("ICE_FAILED", "No way to the other side was found.")),
    options.ice,
  );
  const silence = new SilenceWatch(pc, () => restarter.networkChanged());
  const stopListening = [
    watchNetwork(() => restarter.networkChanged()),
    session.on("resumed", () => {
      // What broke signaling has probably broken the way of the media too.
      restarter.networkChanged();
      if (again !== undefined) retry();
    }),
    session.on("bye", () => close()),
  ];
  const close = (): void => {
    clearTimeout(again);
    for (const stop of stopListening) stop();
    silence.close();
    restarter.close();
    negotiating.close();
  };
  return {
    settled: () => negotiating.settled(),
    retry() {
      backoff.reset();
      retry();
    },
    close,
  };
}

/**
 * Negotiates a publisher's session with the server, which is impolite. Add tracks with
 * `pc.addTransceiver(track, { direction: "sendonly", sendEncodings })`, first or at any time; `replaceTrack`
 * and `setParameters` need nothing. Over when the session is: publish again with a new peer connection.
 */
export function negotiatePublish(
  pc: LastingPeer,
  session: NegotiationChannel,
  options: Omit<LastingOptions, "politeness" | "opening">,
): Negotiating {
  return negotiateLasting(pc, session, options);
}
