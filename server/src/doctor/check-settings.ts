import { BlockList, isIP } from "node:net";
import type { DoctorPorts, DoctorSettings } from "./options.ts";
import { type Check, fail, ok, skipped, warn } from "./report.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
const unreachable = new BlockList();
unreachable.addSubnet("127.0.0.0", 8, "ipv4");
unreachable.addSubnet("0.0.0.0", 8, "ipv4");
unreachable.addSubnet("169.254.0.0", 16, "ipv4");
unreachable.addAddress("::", "ipv6");
unreachable.addAddress("::1", "ipv6");
unreachable.addSubnet("fe80::", 10, "ipv6");

/** Contradictions between keys that each are allowed by themselves. */
export function checkSettings(settings: DoctorSettings, ports: DoctorPorts): Check[] {
  return [
    checkAnnounced(settings, ports),
    checkBasePath(settings.http.publicUrls, settings.http.basePath),
    checkSecureContext(settings.http.publicUrls, settings.http.host, servesTls(settings, ports)),
    checkProxy(settings, servesTls(settings, ports)),
  ];
}

function checkAnnounced({ rtc, http }: DoctorSettings, { announcedHint }: DoctorPorts): Check {
  const id = "announced-addresses";
  const fix = "Set rtc.announcedIps to the address at which browsers reach this machine.";
  const wrong = rtc.announcedIps.filter((address) => within(unreachable, address));
  const onlyHere = http.host !== "*" && within(loopback, http.host);
  if (wrong.length > 0 && !onlyHere) {
    const message = `No other machine reaches WebRTC at ${wrong.join(", ")}.`;
    return fail(id, "DOCTOR_ADDRESS_WRONG", message, fix);
  }
  if (rtc.announcedIps.length > 0) {
    return ok(id, `Browsers are told ${rtc.announcedIps.join(", ")}.`);
  }
  if (announcedHint === undefined) {
    return skipped(id, "DOCTOR_NOT_KNOWN", "Not looked at from here.");
  }
  const hint = announcedHint();
  if (hint === undefined) return ok(id, "Browsers are told the addresses of the interfaces.");
  const [what, remedy] = faultAndRemedy(hint.message);
  return warn(id, hint.code, sentence(what), remedy === "" ? fix : sentence(remedy));
}

/** Whether every public address ends where the server begins; a proxy may take off what stands before that. */
export function checkBasePath(publicUrls: readonly string[], basePath: string): Check {
  const wrong = publicUrls.filter((url) => {
    const path = new URL(url).pathname.replace(/\/$/, "");
    return !path.endsWith(basePath);
  });
  if (wrong.length === 0) {
    return ok("base-path", `Everything is served under ${basePath === "" ? "/" : basePath}.`);
  }
  return fail(
    "base-path",
    "DOCTOR_BASE_PATH",
    `${wrong.join(", ")} does not end with http.basePath, which is "${basePath}".`,
    "Set http.basePath to the path that the proxy passes on, or correct http.publicUrls.",
  );
}

/** Pages outside HTTPS and localhost get no camera and no microphone. W3C Secure Contexts section 3.1. */
export function checkSecureContext(
  publicUrls: readonly string[],
  host: string,
  servesHttps = false,
): Check {
  const plain = publicUrls.filter((url) => !isSecure(url));
  const fix =
    "Give https.cert and https.key (docs/tls.md), or put a proxy with TLS in front, and the https address into http.publicUrls.";
  if (plain.length > 0) {
    const message = `Browsers cannot publish from ${plain.join(", ")}: no camera without HTTPS.`;
    return warn("tls", "DOCTOR_TLS_MISSING", message, fix);
  }
  if (publicUrls.length > 0) return ok("tls", "Browsers may use camera and microphone.");
  if (within(loopback, host)) return ok("tls", "Only this machine reaches the pages.");
  if (servesHttps) return ok("tls", "Browsers may use camera and microphone, over HTTPS.");
  const message = "Browsers can publish from this machine only: no camera without HTTPS.";
  return warn("tls", "DOCTOR_TLS_MISSING", message, fix);
}

function servesTls({ https }: DoctorSettings, { certificates }: DoctorPorts): boolean {
  return https?.enabled === true && certificates !== undefined;
}

function checkProxy({ http }: DoctorSettings, servesHttps: boolean): Check {
  const behind = http.publicUrls.filter((url) => url.startsWith("https:"));
  if (behind.length === 0) return skipped("proxy", "DOCTOR_NO_PROXY", "No proxy is configured.");
  if (http.trustProxy.length > 0) {
    return ok("proxy", `The proxy at ${http.trustProxy.join(", ")} is believed.`);
  }
  if (servesHttps) return ok("proxy", "This server takes HTTPS itself.");
  return warn(
    "proxy",
    "DOCTOR_PROXY_UNTRUSTED",
    `${behind[0]} is served by a proxy whose X-Forwarded-For is not believed: every client seems to be the proxy, and shares its rights and limits.`,
    "Set http.trustProxy to the address of the proxy, and let it set X-Forwarded-For.",
  );
}

function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return protocol === "https:" || host === "localhost" || within(loopback, host);
}

function within(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Hints are of one piece, for logs: what is so, a colon, what to do. */
function faultAndRemedy(message: string): readonly [what: string, remedy: string] {
  // Addresses may have colons, but no space after them.
  const at = message.lastIndexOf(": ");
  return at < 0 ? [message, ""] : [message.slice(0, at), message.slice(at + 2)];
}

/** As a sentence of its own. */
function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return whole.endsWith(".") ? whole : `${whole}.`;
}
