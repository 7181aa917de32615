import { z } from "zod";
import { count, documentOf, text, time } from "./schema.ts";

/** One place where the server listens. */
export interface AddressDocument {
  readonly protocol: string;
  readonly transport: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
}

/** A certificate in use. */
export interface CertificateDocument {
  readonly names: readonly string[];
  readonly serial: string;
  readonly fingerprint: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  readonly notBefore: string;
  readonly expiresAt: string;
}

/** How it goes with ordering certificates. */
export interface AcmeDocument {
  readonly domains: readonly string[];
  readonly failures: number;
  readonly failure: string | null;
  readonly nextTryAt: string | null;
}

export interface CertificatesPart {
  readonly certificates: readonly CertificateDocument[];
  /** Absent where none are ordered. */
  readonly acme?: AcmeDocument | undefined;
}

/** What the server is. */
export interface ServerDocument extends CertificatesPart {
  readonly name: "millrace";
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly addresses: readonly AddressDocument[];
  readonly publicUrls: readonly string[];
  readonly basePath: string;
  readonly transcoder: string;
  readonly egress?: string | undefined;
  readonly streams: number;
  readonly viewers: number;
}

const addressSchema: z.ZodType<AddressDocument> = documentOf<AddressDocument>(
  "ListenAddress",
  "One place where the server listens.",
  {
    protocol: text.describe("Such as http, rtmp, webrtc, turn."),
    transport: z.enum(["tcp", "udp"]),
    host: text.describe("`::` and `0.0.0.0` stand for all addresses."),
    port: z.int().min(0).max(65_535),
  },
);

const certificateSchema: z.ZodType<CertificateDocument> = documentOf<CertificateDocument>(
  "Certificate",
  "A certificate in use.",
  {
    names: z.array(text).describe("Host names and addresses that it is for."),
    serial: text,
    fingerprint: text.describe("SHA-256 of the whole certificate."),
    issuer: text,
    selfSigned: z.boolean(),
    notBefore: time,
    expiresAt: time,
  },
);

const acmeSchema: z.ZodType<AcmeDocument> = documentOf<AcmeDocument>(
  "Acme",
  "How it goes with ordering certificates by ACME.",
  {
    domains: z.array(text),
    failures: count.describe("Since the last certificate."),
    failure: text.nullable().describe("Of the last try, when it failed."),
    nextTryAt: time.nullable().describe("null while one is under way."),
  },
);

export const serverSchema: z.ZodType<ServerDocument> = documentOf<ServerDocument>(
  "Server",
  "What the server is and where it listens.",
  {
    name: z.literal("millrace"),
    version: text,
    node: text.describe("The version of Node.js."),
    startedAt: time,
    ready: z.boolean().describe("All listeners are up and it is not going down."),
    addresses: z.array(addressSchema),
    publicUrls: z.array(text),
    basePath: text,
    transcoder: text.describe("What makes Opus out of AAC here, or none."),
    egress: text.describe("Which tier seals and sends WebRTC media.").optional(),
    certificates: z.array(certificateSchema),
    acme: acmeSchema.optional(),
    streams: count,
    viewers: count,
  },
);
