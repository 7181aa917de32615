import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasFfmpeg } from "../test/tools.ts";
import { probeFfmpeg } from "./probe.ts";

describe("probeFfmpeg", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-probe-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function pretend(name: string, script: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  it.skipIf(process.platform === "win32").each([
    ["4.4.2-0ubuntu0.22.04.1", false],
    ["5.0", false],
    ["5.1.9-0+deb12u1", true],
    ["n7.1", true],
    ["N-112345-gabcdef", true],
  ])("knows the options of version %s", async (version, hasFpsMode) => {
    const path = await pretend(
      `ffmpeg-${hasFpsMode}-${version.length}`,
      `case "$1" in -version) echo "ffmpeg version ${version} Copyright (c)";; *) printf 'Encoders:\\n A....D libopus   x\\n V....D libx264   y\\n';; esac`,
    );
    const facts = await probeFfmpeg(path);
    const names = new Set(["libopus", "libx264"]);
    expect(facts).toEqual({ version, hasFpsMode, encoders: names, decoders: names });
  });

  it.skipIf(!hasFfmpeg)("finds the codecs of the real one", async () => {
    const facts = await probeFfmpeg("ffmpeg");
    expect(facts?.encoders.has("aac")).toBe(true);
    expect(facts?.encoders.has("=")).toBe(false);
    expect(facts?.decoders.has("h264")).toBe(true);
  });

  it("is undefined when there is none or it fails", async () => {
    expect(await probeFfmpeg(join(folder, "missing"))).toBeUndefined();
    if (process.platform === "win32") return;
    expect(await probeFfmpeg(await pretend("failing", "exit 3"))).toBeUndefined();
  });
});
