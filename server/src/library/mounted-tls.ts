import { type Config, ConfigError, hasCertificate } from "../config/index.ts";

/** A mounted gateway opens no port for HTTP or HTTPS. @throws ConfigError for what could not work then. */
export function refuseOwnTls(config: Config): void {
  const problems: string[] = [];
  if (config.acme.domains.length > 0) {
    problems.push("acme.domains needs http.port, which a mounted gateway does not open.");
  } else if (config.https.enabled && hasCertificate(config)) {
    problems.push(
      "https.enabled: a mounted gateway opens no port for HTTPS. Set it to false; the certificate serves RTMPS and turns: then.",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
