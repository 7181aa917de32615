import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Folder of the built pages: in the package `@millrace/client`, wherever it is installed. */
export function builtSite(): string {
  const client = createRequire(import.meta.url).resolve("@millrace/client/package.json");
  return join(dirname(client), "dist", "site");
}
