import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { childCommand, scrubbedEnvironment } from "./child-command.ts";

describe("childCommand", () => {
  afterEach(() => {
    delete process.env["MILLRACE_SECRET_FOR_TEST"];
  });

  it("runs the TypeScript source when it is itself run from source", () => {
    const { command, args, cwd } = childCommand(1234);
    expect(command).toBe(process.execPath);
    expect(args.slice(-5, -2)).toEqual(["--import", "tsx", "--conditions=source"]);
    expect(args.at(-2)).toMatch(/codec\/child\.ts$/);
    expect(args.at(-1)).toBe("1234");
    expect(existsSync(args.at(-2) ?? "")).toBe(true);
    expect(existsSync(cwd)).toBe(true);
  });

  it("hands on nothing of the environment but what a process needs", () => {
    process.env["MILLRACE_SECRET_FOR_TEST"] = "x";
    expect(scrubbedEnvironment()).not.toHaveProperty("MILLRACE_SECRET_FOR_TEST");
    expect(scrubbedEnvironment()["PATH"]).toBe(process.env["PATH"]);
    expect(Object.keys(childCommand(1).env).length).toBeLessThan(10);
  });
});
