import { z } from "zod";
import {
  isAddress,
  isBasePath,
  isIceUrl,
  isListenHost,
  isNetwork,
  isOrigin,
  isTurnSecret,
  isWebUrl,
} from "./checks.ts";
import type { IceServerConfig } from "./config.ts";
import { choice, integer, list, objects, port, type SpecsOf, text, toggle } from "./kinds.ts";

const hostWords = {
  check: isListenHost,
  allowed: "an IP address of this machine, or * for all",
  placeholder: "<ip>",
};

export const httpKeys: SpecsOf<"http"> = {
  "http.host": text({
    default: "*",
    about: "Address on which pages, API and signaling are served.",
    ...hostWords,
  }),
  "http.port": port({ default: 8080, about: "Port of pages, API and signaling." }),
  "http.basePath": text({
    default: "",
    check: isBasePath,
    allowed: "empty, or a path such as /video without a slash at the end",
    placeholder: "<path>",
    about: "Path under which everything is served, for a proxy that forwards it unchanged.",
  }),
  "http.publicUrls": list({
    default: [],
    max: 16,
    check: isWebUrl,
    allowed: "an http or https address without a query",
    placeholder: "<url,…>",
    about:
      "Addresses under which browsers reach this server; the first is printed and used in embed codes. Empty: as the request says.",
  }),
  "http.trustProxy": list({
    default: [],
    max: 64,
    check: isNetwork,
    allowed: "an IP address, a network such as 10.0.0.0/8, or the word loopback",
    placeholder: "<network,…>",
    about: "Proxies whose X-Forwarded-For, -Proto, -Host and -Prefix headers are believed.",
  }),
  "http.allowedOrigins": list({
    default: ["*"],
    max: 64,
    check: isOrigin,
    allowed: "* or an origin such as https://example.org",
    placeholder: "<origin,…>",
    about: "Web sites whose pages may play and embed streams from here.",
  }),
  "http.maxConnections": integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    about:
      "HTTP and WebSocket connections at once, and as many again over HTTPS; further ones are closed at once.",
  }),
  "http.maxHeaderBytes": integer({
    default: 16_384,
    min: 1024,
    max: 1_048_576,
    unit: "bytes",
    about: "Largest request line and header together; larger ones are answered 431.",
  }),
  "http.headersTimeoutSeconds": integer({
    default: 10,
    min: 1,
    max: 600,
    unit: "seconds",
    about: "How long a client may take to send a request's header before it is answered 408.",
  }),
  "http.requestTimeoutSeconds": integer({
    default: 30,
    min: 1,
    max: 3600,
    unit: "seconds",
    about: "How long a client may take to send a whole request before it is answered 408.",
  }),
  "http.keepAliveSeconds": integer({
    default: 65,
    min: 1,
    max: 3600,
    unit: "seconds",
    about: "How long an idle connection is kept for the next request.",
  }),
};

export const rtmpKeys: SpecsOf<"rtmp"> = {
  "rtmp.enabled": toggle({ default: true, about: "Take RTMP publishers and players." }),
  "rtmp.host": text({ default: "*", about: "Address on which RTMP listens.", ...hostWords }),
  "rtmp.port": port({ default: 1935, about: "Port of RTMP." }),
  "rtmp.maxConnections": integer({
    default: 4096,
    min: 1,
    max: 1_000_000,
    about:
      "RTMP connections at once; when there are so many, the oldest that neither publishes nor plays makes room.",
  }),
  "rtmp.maxConnectionsPerAddress": integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    about: "RTMP connections at once from one IP address; room is made as for all.",
  }),
};

export const flvTcpKeys: SpecsOf<"flvTcp"> = {
  "flvTcp.enabled": toggle({ default: true, about: "Take bare FLV over TCP from publishers." }),
  "flvTcp.host": text({
    default: "127.0.0.1",
    about:
      "Address on which bare FLV listens. It carries no token: only what auth.publishWithoutToken lets in may publish.",
    ...hostWords,
  }),
  "flvTcp.port": port({ default: 8888, about: "Port of bare FLV over TCP." }),
  "flvTcp.maxConnections": integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    about:
      "Connections of bare FLV at once; when there are so many, the oldest that has not begun makes room.",
  }),
  "flvTcp.maxConnectionsPerAddress": integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    about: "Connections of bare FLV at once from one IP address; room is made as for all.",
  }),
};

const iceServer: z.ZodType<IceServerConfig> = z.strictObject({
  urls: z.array(z.string().refine(isIceUrl)).min(1).max(8),
  username: z.string().min(1).max(512).optional(),
  credential: z.string().min(1).max(512).optional(),
});

export const rtcKeys: SpecsOf<"rtc"> = {
  "rtc.host": text({
    default: "*",
    about: "Address on which WebRTC media is sent and received.",
    ...hostWords,
  }),
  "rtc.port": port({
    default: 8189,
    about: "The one port of all WebRTC media: UDP, and TCP for networks that block UDP.",
  }),
  "rtc.tcp": toggle({
    default: true,
    about: "Take WebRTC media over TCP too (ICE-TCP), on the same port number.",
  }),
  "rtc.announcedIps": list({
    default: [],
    max: 16,
    check: isAddress,
    allowed: "an IP address",
    placeholder: "<ip,…>",
    about:
      "IP addresses that browsers are told for WebRTC media, for a server behind NAT or in a container. Empty: those of the interfaces.",
  }),
  "rtc.maxPeers": integer({
    default: 5000,
    min: 1,
    max: 1_000_000,
    about: "WebRTC connections at once; further ones are refused with PEERS_FULL.",
  }),
  "rtc.egress": choice({
    default: "auto",
    of: ["auto", "native", "wasm", "node"],
    about:
      "What encrypts and sends media to viewers: native is built where there is a C compiler and costs least, wasm needs no compiler and costs a third of node; auto takes the first of them that works.",
  }),
  "rtc.egressThreads": integer({
    default: 0,
    min: 0,
    max: 16,
    about: "Threads of the native egress. 0: one for each core, at most four; on one core none.",
  }),
  "rtc.dataFromViewers": choice({
    default: "publisher",
    of: ["publisher", "everybody", "nobody"],
    about:
      "Who hears what a viewer sends on a data channel: the stream's publisher, the other viewers too, or nobody.",
  }),
  "rtc.iceServers": objects<IceServerConfig>({
    default: [],
    max: 8,
    item: iceServer,
    allowed: "an object with urls (stun:, turn: or turns:) and, for TURN, username and credential",
    secret: true,
    about: "STUN and TURN servers with fixed credentials that browsers are told.",
  }),
  "rtc.turnUrls": list({
    default: [],
    max: 8,
    check: (value) => isIceUrl(value) && value.startsWith("turn"),
    allowed: "a turn: or turns: address",
    placeholder: "<url,…>",
    about:
      "Other TURN servers, such as coturn, that share a secret with this one; every viewer gets credentials of its own for them.",
  }),
  "rtc.turnSecret": text({
    default: "",
    check: (value) => value === "" || isTurnSecret(value),
    allowed: "8 to 512 characters",
    placeholder: "<secret>",
    secret: true,
    about:
      "The shared secret of rtc.turnUrls (coturn: static-auth-secret). Empty: the same as turn.secret.",
  }),
  "rtc.turnTtlSeconds": integer({
    default: 86_400,
    min: 60,
    max: 2_592_000,
    unit: "seconds",
    about: "How long TURN credentials are valid.",
  }),
};
