import { networkInterfaces } from "node:os";
import type { Config } from "./config/index.ts";
import type { Clock, CoreLimits, Log } from "./core/index.ts";
import type { HttpLimits } from "./http/index.ts";
import { announcedAddresses, type InterfaceAddress } from "./rtc/net/announced.ts";
import type { TranscodePoolOptions } from "./transcode/index.ts";
import type { MediaPlace } from "./turn/index.ts";

/** Limits of `core`. */
export function coreLimits(config: Config): Partial<CoreLimits> {
  return {
    maxStreams: config.limits.streams,
    maxViewersPerStream: config.limits.viewersPerStream,
    graceMs: config.publisher.graceSeconds * 1000,
    gopMaxSeconds: config.gop.maxSeconds,
    gopMaxBytes: config.gop.maxBytes,
  };
}

/** What the transcoder is made with. */
export function transcodeOptions(config: Config, clock: Clock, log: Log): TranscodePoolOptions {
  const { maxTranscodes, maxProcesses, ...options } = config.transcode;
  return {
    ...options,
    ...(maxProcesses > 0 ? { children: maxProcesses } : {}),
    limits: { maxDerivations: maxTranscodes },
    clock,
    log,
  };
}

/** Where WebRTC media is, once its port is bound. */
export function mediaPlace(
  { rtc }: Config,
  port: number,
  interfaces: readonly InterfaceAddress[],
): MediaPlace {
  const hosts = rtc.host === "*" || rtc.host === "::" ? ["0.0.0.0", "::"] : [rtc.host];
  return {
    host: rtc.host,
    port,
    announced: announcedAddresses(hosts, rtc.announcedIps, interfaces),
    configured: rtc.announcedIps.length > 0,
  };
}

/** Limits of the HTTP server. */
export function httpLimits({ http }: Config): Partial<HttpLimits> {
  return {
    maxConnections: http.maxConnections,
    maxHeaderBytes: http.maxHeaderBytes,
    headersTimeoutMs: http.headersTimeoutSeconds * 1000,
    requestTimeoutMs: http.requestTimeoutSeconds * 1000,
    keepAliveMs: http.keepAliveSeconds * 1000,
  };
}

/** The address to bind for a `host` key: `*` is all addresses, of both families where the machine has IPv6. */
export function bindable(host: string): string {
  if (host !== "*") return host;
  const interfaces = Object.values(networkInterfaces()).flat();
  return interfaces.some((entry) => entry?.family === "IPv6") ? "::" : "0.0.0.0";
}
