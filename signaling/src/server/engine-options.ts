import type { IncomingMessage } from "node:http";
import type { ServerOptions } from "socket.io";
import type { OriginPolicy } from "../gate/index.ts";
import type { SignalingLimits } from "./options.ts";

/** The part of socket.io's options that says who may connect and how much may be sent. */
export function engineOptions(
  path: string,
  limits: SignalingLimits,
  origins: OriginPolicy,
  refusal: (request: IncomingMessage) => string | undefined,
): Partial<ServerOptions> {
  return {
    path,
    maxHttpBufferSize: limits.maxMessageBytes,
    pingInterval: limits.pingIntervalMs,
    pingTimeout: limits.pingTimeoutMs,
    serveClient: false,
    // Upgrades of other paths are other people's business (WebSocket-FLV).
    destroyUpgrade: false,
    allowRequest(request, decide) {
      const code = origins.allows(request) ? refusal(request) : "ORIGIN_FORBIDDEN";
      decide(code, code === undefined);
    },
    cors(request, decide) {
      // engine.io passes the whole request; the type of the cors package names only part of it.
      const origin = origins.allowOrigin(request as IncomingMessage);
      decide(null, {
        origin: origin ?? false,
        methods: ["GET", "POST"],
        maxAge: 86_400,
        // Any site may use us with a token that it holds, none with the user's cookies unless it is listed.
        credentials: origin !== undefined && origin !== "*",
      });
    },
  };
}
