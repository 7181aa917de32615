import { writeFileSync } from "node:fs";
import { configurationMarkdown, exampleYaml } from "../server/src/config/index.ts";

const root = new URL("../", import.meta.url);
writeFileSync(new URL("config.example.yaml", root), exampleYaml());
writeFileSync(new URL("docs/configuration.md", root), configurationMarkdown());
