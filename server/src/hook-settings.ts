import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Config, ConfigError } from "./config/index.ts";
import type { HooksOptions } from "./hooks/index.ts";

/**
 * What hooks are made with.
 * @throws ConfigError when the certificates of `hooks.caFile` cannot be read or are none.
 */
export function hookSettings({
  hooks,
  mistTriggers,
  srsHooks,
}: Config): Pick<HooksOptions, "settings" | "srs" | "mist" | "ca"> {
  const { caFile, ...settings } = hooks;
  return {
    settings,
    srs: srsHooks,
    mist: mistTriggers,
    ca: caFile === "" ? "" : readCertificates(caFile),
  };
}

function readCertificates(path: string): string {
  const problem = (what: string): ConfigError =>
    new ConfigError([`hooks.caFile is ${path}, ${what}.`]);
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch {
    throw problem("which cannot be read");
  }
  const blocks = content.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw problem("which has no certificate in it");
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    throw problem("which has a block that is no certificate");
  }
  return blocks.join("\n");
}
