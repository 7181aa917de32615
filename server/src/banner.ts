import { networkInterfaces } from "node:os";
import type { GatewayAddresses, ListenAddress } from "./api/index.ts";
import type { Config } from "./config/index.ts";
import { demoStreamName } from "./demo/index.ts";

/** Who may do what without a token. */
export interface OpennessWords {
  readonly publish: "nobody" | "loopback" | "private" | "anybody" | "hook";
  readonly play: "nobody" | "loopback" | "private" | "anybody" | "hook";
  readonly admin: "nobody" | "loopback" | "private" | "anybody";
}

const from = {
  nobody: "only with a token",
  loopback: "from this machine without a token",
  private: "from private networks without a token",
  anybody: "from anywhere without a token",
  hook: "whoever the hook lets in",
};

/** What is only known once everything is up. */
export interface BannerFacts {
  readonly addresses: GatewayAddresses;
  readonly open: OpennessWords;
  /** Certificates in use; undefined when there are none. */
  readonly tls?:
    | {
        readonly selfSigned: boolean;
        facts(): readonly { readonly fingerprint: string; readonly expiresAtMs: number }[];
      }
    | undefined;
}

/** What a person needs to know after the start: addresses, encoder settings, and who is let in. Has no secret in it. */
export function banner(
  version: string,
  config: Config,
  { addresses, open, tls }: BannerFacts,
): string {
  const web = webUrl(config, addresses);
  const example = config.demo ? demoStreamName : "live/cam";
  const lines = ["", `Millrace ${version} is up.`, ""];
  if (web !== undefined) {
    lines.push(row("Watch", `${web}/${example}${config.demo ? "   (the built-in demo)" : ""}`));
    lines.push(...lanRows(config, addresses, example));
  }
  if (tls?.selfSigned === true) lines.push(...fingerprintRows(tls.facts()[0]?.fingerprint));
  const { rtmp, rtmps } = addresses;
  if (rtmp !== undefined) lines.push("", ...encoderRows(rtmp, open, web));
  if (rtmps !== undefined) {
    const secure = `rtmps://${hostName(rtmps.host)}${rtmps.port === 443 ? "" : `:${rtmps.port}`}/live`;
    lines.push(...(rtmp === undefined ? [""] : []), row("", `RTMPS at ${secure}`));
  }
  lines.push("", ...accessRows(config, open), "");
  return lines.join("\n");
}

function encoderRows(rtmp: ListenAddress, open: OpennessWords, web: string | undefined): string[] {
  const server = `rtmp://${hostName(rtmp.host)}${rtmp.port === 1935 ? "" : `:${rtmp.port}`}/live`;
  const key = open.publish === "nobody" ? "cam?token=TOKEN" : "cam";
  return [
    row("Publish", "OBS: Settings, Stream, Service: Custom"),
    row("", `  Server      ${server}`),
    row("", `  Stream key  ${key}`),
    row("", `ffmpeg -re -i FILE -c copy -f flv '${server}/${key}'`),
    ...(web === undefined ? [] : [row("", `and watch at ${web}/live/cam`)]),
  ];
}

function accessRows(config: Config, open: OpennessWords): string[] {
  const rows = [
    row("Allowed", `publish  ${from[open.publish]}`),
    row("", `watch    ${from[open.play]}`),
    row("", `API      ${from[open.admin]}`),
  ];
  if (config.auth.publishTokens.length === 0 && !["anybody", "hook"].includes(open.publish)) {
    rows.push(
      row("", "To publish from elsewhere set a token: --auth-publish-tokens TOKEN (or"),
      row("", "MILLRACE_AUTH_PUBLISH_TOKENS), and use the stream key cam?token=TOKEN"),
    );
  }
  return rows;
}

/** Where people of this machine watch: over HTTP, for no certificate is needed there. */
function webUrl(config: Config, { http }: GatewayAddresses): string | undefined {
  const [first] = config.http.publicUrls;
  if (first !== undefined) return first.replace(/\/$/, "");
  if (http === undefined) return undefined;
  return `http://${hostName(http.host)}:${http.port}${config.http.basePath}`;
}

/** Where other machines watch and, over HTTPS, publish from their cameras. */
function lanRows(config: Config, { http, https }: GatewayAddresses, stream: string): string[] {
  if (config.http.publicUrls.length > 0) return [];
  const path = `${config.http.basePath}/${stream}`;
  const plain = lanAddresses(http).map((name) => row("", `http://${name}:${http?.port}${path}`));
  if (https === undefined) return plain;
  const port = https.port === 443 ? "" : `:${https.port}`;
  const names =
    config.acme.domains.length > 0
      ? config.acme.domains.slice(0, 3)
      : [hostName(https.host), ...lanAddresses(https)];
  return [...plain, ...names.map((name) => row("", `https://${name}${port}${path}`))];
}

function fingerprintRows(fingerprint: string | undefined): string[] {
  if (fingerprint === undefined) return [];
  const middle = Math.ceil(fingerprint.length / 2);
  return [
    "",
    row("HTTPS", "self-signed: browsers warn of it once. They should show this SHA-256:"),
    row("", fingerprint.slice(0, middle)),
    row("", fingerprint.slice(middle)),
  ];
}

function hostName(host: string): string {
  if (["::", "0.0.0.0", "::1", "127.0.0.1"].includes(host)) return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

/** IPv4 addresses under which other machines may reach us, when we listen on all. */
function lanAddresses(http: ListenAddress | undefined): string[] {
  if (http?.host !== "::" && http?.host !== "0.0.0.0") return [];
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === "IPv4" && !entry.internal)
    .map((entry) => entry.address)
    .slice(0, 3);
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)}${text}`;
}
