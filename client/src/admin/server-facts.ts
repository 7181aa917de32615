import { fieldsOf, listOf, numberOf, textOf, textsOf, timeOf } from "./fields.ts";

/** One place where the server listens. */
export interface ListenFact {
  readonly protocol: string;
  readonly transport: string;
  readonly host: string;
  readonly port: number;
}

/** A certificate that the server shows. */
export interface CertificateFact {
  readonly names: readonly string[];
  readonly issuer: string | undefined;
  readonly selfSigned: boolean;
  readonly endsMs: number;
}

/** `GET /api/v1/server`. */
export interface ServerFacts {
  readonly version: string;
  readonly node: string | undefined;
  readonly startedMs: number | undefined;
  readonly ready: boolean;
  readonly addresses: readonly ListenFact[];
  readonly publicUrls: readonly string[];
  readonly basePath: string;
  readonly transcoder: string | undefined;
  readonly egress: string | undefined;
  readonly certificates: readonly CertificateFact[];
  /** Why no certificate could be ordered; undefined when one could, or when none are ordered. */
  readonly acmeFailure: string | undefined;
}

export function parseServer(document: unknown): ServerFacts {
  const fields = fieldsOf(document);
  return {
    version: textOf(fields["version"]) ?? "unknown",
    node: textOf(fields["node"]),
    startedMs: timeOf(fields["startedAt"]),
    ready: fields["ready"] !== false,
    addresses: listOf(fields["addresses"]).flatMap((entry) => {
      const { protocol, transport, host, port } = fieldsOf(entry);
      const [name, number] = [textOf(protocol), numberOf(port)];
      if (name === undefined || number === undefined) return [];
      return [
        {
          ...{ protocol: name, port: number },
          ...{ transport: textOf(transport) ?? "", host: textOf(host) ?? "" },
        },
      ];
    }),
    publicUrls: textsOf(fields["publicUrls"]),
    basePath: textOf(fields["basePath"]) ?? "",
    transcoder: textOf(fields["transcoder"]),
    egress: textOf(fields["egress"]),
    certificates: listOf(fields["certificates"]).flatMap(parseCertificate),
    acmeFailure: textOf(fieldsOf(fields["acme"])["failure"]),
  };
}

function parseCertificate(value: unknown): CertificateFact[] {
  const { expiresAt, issuer, names, selfSigned } = fieldsOf(value);
  const endsMs = timeOf(expiresAt);
  if (endsMs === undefined) return [];
  return [
    {
      endsMs,
      ...{ names: textsOf(names), issuer: textOf(issuer), selfSigned: selfSigned === true },
    },
  ];
}

/** `0.0.0.0:8080` as people read it: `all addresses, port 8080`. */
export function addressText({ host, port }: ListenFact): string {
  const everywhere = host === "::" || host === "0.0.0.0" || host === "";
  return everywhere ? `port ${port}` : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
