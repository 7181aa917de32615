import { generateKeyPairSync } from "node:crypto";
import { Agent } from "node:https";
import { rootCertificates } from "node:tls";
import type { Authorization, Client, Order } from "acme-client";
import type { Clock } from "../core/index.ts";
import type { AcmeChallenges } from "./acme-challenges.ts";
import type { PemPair } from "./certificate.ts";
import type { PrivateFolder } from "./private-files.ts";

export interface AcmeSettings {
  readonly directoryUrl: string;
  /** Host names, the first of which names the certificate. */
  readonly domains: readonly string[];
  /** Empty: none is told. */
  readonly email: string;
  /** PEM of authorities that the ACME server's own certificate may come from besides the well-known ones. */
  readonly trusted: string;
  /** External account binding (RFC 8555 section 7.3.4); empty: none. */
  readonly eabKeyId: string;
  /** Secret. */
  readonly eabHmacKey: string;
}

/** An order came to nothing. The message has no secret in it. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  readonly code = "ACME_FAILED";
}

export interface OrderOptions {
  readonly settings: AcmeSettings;
  /** Has the account's key. */
  readonly folder: PrivateFolder;
  readonly challenges: AcmeChallenges;
  readonly clock: Clock;
  /** Gives the order up. */
  readonly signal: AbortSignal;
  /** How long the server may take to look at our answers, and again to make the certificate. */
  readonly patienceMs: number;
  readonly pollMs: number;
}

const accountFile = "account.pem";
/** For each question to the server. */
const requestTimeoutMs = 20_000;

/** Gets one certificate for all domains. @throws Error that says why not. */
export async function orderCertificate(options: OrderOptions): Promise<PemPair> {
  const { settings, challenges, signal } = options;
  const acme = await loadClient(settings);
  const client = new acme.Client({
    directoryUrl: settings.directoryUrl,
    accountKey: accountKey(options.folder),
    ...(settings.eabKeyId === ""
      ? {}
      : { externalAccountBinding: { kid: settings.eabKeyId, hmacKey: settings.eabHmacKey } }),
  });
  await client.createAccount({
    termsOfServiceAgreed: true,
    ...(settings.email === "" ? {} : { contact: [`mailto:${settings.email}`] }),
  });
  signal.throwIfAborted();
  const identifiers = settings.domains.map((value) => ({ type: "dns", value }));
  let order = await client.createOrder({ identifiers });
  const tokens: string[] = [];
  try {
    for (const authorization of await client.getAuthorizations(order)) {
      signal.throwIfAborted();
      if (authorization.status !== "valid") tokens.push(await answer(authorization));
    }
    order = await settled(client, order, options, ["ready", "valid"]);
  } finally {
    for (const token of tokens) challenges.delete(token);
  }
  const key = newKey();
  const [, csr] = await acme.crypto.createCsr({ altNames: [...settings.domains] }, key);
  order = await client.finalizeOrder(order, csr);
  order = await settled(client, order, options, ["valid"]);
  return { cert: await client.getCertificate(order), key };

  async function answer(authorization: Authorization): Promise<string> {
    const challenge = authorization.challenges.find(({ type }) => type === "http-01");
    const { value } = authorization.identifier;
    if (challenge === undefined) throw new AcmeError(`${value} cannot be proved by HTTP`);
    challenges.add(challenge.token, await client.getChallengeKeyAuthorization(challenge));
    await client.completeChallenge(challenge);
    return challenge.token;
  }
}

/** Asks until the order is in one of these states. RFC 8555 section 7.1.6. */
async function settled(
  client: Client,
  started: Order,
  { clock, signal, patienceMs, pollMs }: OrderOptions,
  states: readonly string[],
): Promise<Order> {
  const deadlineUs = clock.nowUs() + patienceMs * 1000;
  for (let order = started; ; order = await client.getOrder(order)) {
    signal.throwIfAborted();
    if (states.includes(order.status)) return order;
    if (order.status === "invalid") throw new AcmeError(await refusalOf(client, order));
    if (clock.nowUs() >= deadlineUs) throw new AcmeError("the ACME server does not come to an end");
    await pause(clock, pollMs, signal);
  }
}

/** What the server found wrong with our answers. */
async function refusalOf(client: Client, order: Order): Promise<string> {
  const authorizations = await client.getAuthorizations(order).catch(() => []);
  const reasons = authorizations.flatMap(({ identifier, challenges }) =>
    challenges.flatMap((challenge) => {
      const { detail } = ((challenge as { error?: unknown }).error ?? {}) as { detail?: unknown };
      return typeof detail === "string" ? [`${identifier.value}: ${detail}`] : [];
    }),
  );
  return reasons.length > 0
    ? reasons.join("; ").slice(0, 500)
    : "the ACME server refused the order";
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener("abort", done);
  });
}

function accountKey(folder: PrivateFolder): string {
  const kept = folder.read(accountFile);
  if (kept !== undefined) return kept;
  const key = newKey();
  folder.write(accountFile, key);
  return key;
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** It is loaded only where it is used. Its requests have no time-out and many patient retries unless told. */
async function loadClient({ trusted }: AcmeSettings): Promise<typeof import("acme-client")> {
  const acme = await import("acme-client");
  const { defaults } = acme.axios;
  defaults.timeout = requestTimeoutMs;
  Object.assign((defaults as { acmeSettings?: object }).acmeSettings ?? {}, {
    retryMaxAttempts: 1,
    retryDefaultDelay: 1,
  });
  defaults.httpsAgent = new Agent(trusted === "" ? {} : { ca: [...rootCertificates, trusted] });
  return acme;
}
