export { readClientId } from "../protocol/client-id.ts";
export { AddressRate, addressKey } from "./address-rate.ts";
export { CookieGate, clientCookie, cookieValues, passCookie } from "./cookies.ts";
export { type AllowedOrigins, OriginPolicy } from "./origin-policy.ts";
export { type GateRequest, ProxyTrust } from "./proxy-trust.ts";
export { type Rate, TokenBucket } from "./token-bucket.ts";
