import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PemPair } from "./certificate.ts";

/** A certificate signed by its own key, for tests of TLS. `names` is a subjectAltName, such as `DNS:turn.example`. */
export function makeCertificate(names = "DNS:localhost,IP:127.0.0.1"): PemPair {
  const folder = mkdtempSync(join(tmpdir(), "millrace-turn-"));
  try {
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", "/CN=test", "-addext", `subjectAltName=${names}`, "-days", "2"];
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", keyFile, "-out", certFile], {
      stdio: "ignore",
    });
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
