import type { IceServer } from "../protocol/index.ts";

/** ICE servers as `RTCConfiguration` wants them. */
export function rtcIceServers(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map((server) => ({ ...server, urls: [...server.urls] }));
}
