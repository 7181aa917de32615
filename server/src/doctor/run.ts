import { checkCertificates, checkServedCertificate } from "./check-certificates.ts";
import { checkBuffering, checkBufferingByProbe, checkHealth, checkHttp } from "./check-http.ts";
import { checkMachine, transcoderCheck } from "./check-machine.ts";
import { checkMedia, checkMediaByProbe, checkMediaPort } from "./check-media.ts";
import { portCheck, portState, wantedPorts } from "./check-ports.ts";
import { checkRtmp } from "./check-rtmp.ts";
import { checkBasePath, checkSecureContext, checkSettings } from "./check-settings.ts";
import { checkTurn } from "./check-turn.ts";
import { thisMachine } from "./machine.ts";
import type { DoctorOptions } from "./options.ts";
import { type Check, type DoctorReport, fail, skipped } from "./report.ts";
import { firstLiveStream, readServerFacts, type ServerFacts } from "./server-facts.ts";

const defaultTimeoutMs = 3_000;

/**
 * Looks at a running server from outside (`url`), or at this machine, its configuration and the server on its ports.
 * Changes nothing: what is opened for a question is closed after it. Rejects only for bugs.
 */
export async function runServerChecks(options: DoctorOptions): Promise<DoctorReport> {
  const checks =
    options.url === undefined ? await checkHere(options) : await checkUrl(options, options.url);
  return { version: options.version, checks };
}

async function checkHere(options: DoctorOptions): Promise<Check[]> {
  const { settings, ports = {}, machine = thisMachine, timeoutMs = defaultTimeoutMs } = options;
  const { host, port, basePath } = settings.http;
  const base = new URL(`http://${hostForUrl(host)}:${port}${basePath}/`);
  const health = port === 0 ? undefined : await checkHealth(base, timeoutMs);
  const runs = health?.status === "ok";
  const checks = [
    ...(await checkMachine(machine, settings, ports)),
    ...checkSettings(settings, ports),
    ...checkCertificates(ports.certificates?.() ?? [], settings.http.publicUrls, machine.wallMs()),
  ];
  const facts = runs ? await readServerFacts(base, options.token, timeoutMs) : undefined;
  for (const wanted of wantedPorts(settings, ports.certificates !== undefined)) {
    const ours = runs && facts?.listensOn(wanted.port) !== false;
    checks.push(portCheck(wanted, await portState(wanted), ours));
  }
  checks.push(...(await checkTurn(ports.turnServers?.() ?? [], timeoutMs)));
  if (!runs) {
    const message = "The server does not run on this machine with this configuration.";
    checks.push(skipped("http", "DOCTOR_NOT_RUNNING", message));
    return checks;
  }
  return [...checks, health, ...(await checkRunning(options, base, facts, machine.wallMs))];
}

async function checkUrl(options: DoctorOptions, address: string): Promise<Check[]> {
  const { timeoutMs = defaultTimeoutMs, machine = thisMachine } = options;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const message = `${address} is no http or https address.`;
    return [fail("http", "DOCTOR_URL_INVALID", message, "Write it as https://HOST/PATH.")];
  }
  const health = await checkHealth(url, timeoutMs);
  if (health.status !== "ok") return [health];
  const facts = await readServerFacts(url, options.token, timeoutMs);
  const plain = url.href.replace(/\/$/, "");
  return [
    health,
    checkSecureContext([plain], url.hostname),
    ...(await checkServedCertificate(url, machine.wallMs(), timeoutMs)),
    ...(await checkRunning(options, url, facts, machine.wallMs)),
  ];
}

/** What can be asked of a server that answers at `base`. */
async function checkRunning(
  options: DoctorOptions,
  base: URL,
  facts: ServerFacts | undefined,
  wallMs: () => number,
): Promise<Check[]> {
  const { settings, token, timeoutMs = defaultTimeoutMs } = options;
  const host = base.hostname.replace(/^\[|\]$/g, "");
  const checks = await checkHttp(base, wallMs, timeoutMs);
  if (facts === undefined) {
    const message = "The server's API does not tell what it is configured for.";
    const fix = "Give a token of auth.adminTokens with --token.";
    checks.push(skipped("api", "DOCTOR_API_CLOSED", message, fix));
  } else if (options.url !== undefined) {
    if (facts.basePath !== undefined) checks.push(checkBasePath(facts.publicUrls, facts.basePath));
    if (facts.transcoder !== undefined) checks.push(transcoderCheck(facts.transcoder));
  }
  const rtmpPort = facts === undefined ? configured(settings.rtmp) : facts.port("rtmp");
  if (rtmpPort !== undefined) checks.push(await checkRtmp(host, rtmpPort, timeoutMs));
  const stream = options.stream ?? (await firstLiveStream(base, token, timeoutMs));
  if (stream === undefined) {
    const port = facts?.port("webrtc") ?? settings.rtc.port;
    const media = await checkMediaByProbe(base, token, timeoutMs);
    checks.push(media ?? (await checkMediaPort(host, port, timeoutMs)));
    checks.push(await checkBufferingByProbe(base, timeoutMs));
    return checks;
  }
  checks.push(await checkMedia(base, stream, token, timeoutMs));
  checks.push(await checkBuffering(base, stream, token, timeoutMs));
  return checks;
}

function configured({ enabled, port }: { enabled: boolean; port: number }): number | undefined {
  return enabled && port !== 0 ? port : undefined;
}

/** Where to ask for a server that listens on `host`. */
function hostForUrl(host: string): string {
  if (host === "*" || host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
