import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { Peer } from "./process.ts";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** A new self-signed certificate for this machine, in two files. */
export async function selfSigned(): Promise<Certificate> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = new Peer("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    ...["-keyout", key, "-out", cert],
  ]);
  const code = await new Promise((resolve) => made.process.once("exit", resolve));
  if (code !== 0) throw new Error(`openssl: ${made.said}`);
  return { cert, key, remove: () => rmSync(folder, { recursive: true }) };
}

/** What stands before a server that itself speaks http: it takes the encryption off, and looks at nothing. */
export class TlsFront {
  readonly #server: Server;
  readonly #certificate: Certificate;

  private constructor(server: Server, certificate: Certificate) {
    this.#server = server;
    this.#certificate = certificate;
  }

  static async start(port: number): Promise<TlsFront> {
    const certificate = await selfSigned();
    const options = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
    const server = createServer(options, (client) => {
      const upstream = connect(port, "127.0.0.1");
      client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
      upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TlsFront(server, certificate);
  }

  /** Without a slash at the end. */
  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#certificate.remove();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      resolve();
    });
  }
}
