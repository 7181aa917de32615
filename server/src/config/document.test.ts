import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configurationMarkdown, exampleYaml, flagHelp } from "./document.ts";
import { configPaths, keySpec } from "./keys.ts";
import { defaultConfig, loadConfig } from "./load.ts";
import { flagName } from "./names.ts";

const committed = (name: string): string =>
  readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");

describe("documents of the configuration", () => {
  it("config.example.yaml is current (npx tsx --conditions=source scripts/write-config-docs.ts)", () => {
    expect(committed("config.example.yaml")).toBe(exampleYaml());
  });

  it("docs/configuration.md is current (npx tsx --conditions=source scripts/write-config-docs.ts)", () => {
    expect(committed("docs/configuration.md")).toBe(configurationMarkdown());
  });

  it("the example is a configuration file, and says the defaults once its keys are commented in", () => {
    const read = (yaml: string) => loadConfig({ readFile: () => yaml }).config;
    expect(read(exampleYaml())).toEqual(defaultConfig());
    const keys = exampleYaml().replace(/^( *)# (\w+: .*)$/gm, "$1$2");
    expect(keys).not.toBe(exampleYaml());
    expect(read(keys)).toEqual(defaultConfig());
  });

  it("every key has a sentence and a default that it allows", () => {
    for (const path of configPaths) {
      const spec = keySpec(path);
      expect(spec.about, path).toMatch(/^[A-Z].+\.$/);
      expect(spec.schema.safeParse(spec.default).success, path).toBe(true);
    }
  });

  it("--help names every flag", () => {
    for (const path of configPaths) expect(flagHelp()).toContain(`  ${flagName(path)}`);
  });
});
