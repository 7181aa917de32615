import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createPostRig, createTcpRig } from "./test-rig.ts";

vi.setConfig({ testTimeout: 120_000 });

function has(command: string, flag: string): boolean {
  const found = spawnSync(command, [flag], { stdio: "ignore" }).status === 0;
  if (!found && process.env["CI"] === undefined) console.warn(`skipped: no ${command}`);
  return found || process.env["CI"] !== undefined;
}

const hasFfmpeg = has("ffmpeg", "-version");
const hasCurl = has("curl", "--version");
const file = fileURLToPath(new URL("../../media/src/flv/fixtures/bframes.flv", import.meta.url));

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function run(command: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (bytes) => {
      text += String(bytes);
    });
  }
  const done = once(child, "close").then(([code]) => ({ code: code as number | null, text }));
  closing.push(async () => {
    if (child.exitCode === null) child.kill("SIGKILL");
    await done;
  });
  return done;
}

const quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];
const copy = ["-re", "-i", file, "-c", "copy", "-f", "flv"];

describe.skipIf(!hasFfmpeg)("ffmpeg", () => {
  it("publishes a file over TCP (row 77), and two at once as 0 and 1 (row 78)", async () => {
    const rig = await createTcpRig();
    closing.push(() => rig.close());
    const url = `tcp://127.0.0.1:${rig.port}`;
    const first = await run("ffmpeg", ...quiet, ...copy, url);
    expect(first).toEqual({ code: 0, text: "" });
    const stream = rig.registry.get("tcp/0");
    expect(stream?.tracks.map(({ info }) => info.codec)).toEqual(["h264", "aac"]);
    expect(stream?.track("video")?.totals.frames).toBe(10);
    await Promise.all([
      run("ffmpeg", ...quiet, ...copy, url),
      run("ffmpeg", ...quiet, ...copy, url),
    ]);
    expect(rig.registry.list().map(({ name }) => name)).toEqual(["tcp/0", "tcp/1"]);
  });

  it.each(["POST", "PUT"])("publishes a file by HTTP %s", async (method) => {
    const rig = await createPostRig({}, { requestTimeoutMs: 150 });
    closing.push(() => rig.close());
    const url = `${rig.url}/live/cam.flv?token=right`;
    const pattern = ["-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10", "-t", "2"];
    const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "flv"];
    const { text } = await run("ffmpeg", ...quiet, ...pattern, ...encode, "-method", method, url);
    expect(text).not.toMatch(/HTTP error|Broken pipe|reset/i);
    await vi.waitFor(() => expect(rig.registry.get("live/cam")?.state).toBe("waiting"));
    expect(rig.registry.get("live/cam")?.track("video")?.totals.frames).toBe(20);
    expect(rig.asked[0]?.userAgent).toMatch(/^Lavf/);
  });

  it("is refused with a status where its token is wrong", async () => {
    const rig = await createPostRig();
    closing.push(() => rig.close());
    const url = `${rig.url}/live/cam.flv?token=wrong`;
    await run("ffmpeg", ...quiet, ...copy, "-method", "POST", url);
    expect(rig.log.codes).toContain("UNAUTHORIZED");
    expect(rig.registry.list()).toEqual([]);
  });
});

describe.skipIf(!hasCurl)("curl", () => {
  const curl = (...args: string[]) => run("curl", "--silent", "--show-error", ...args);

  it("publishes a file with a length, chunked, and asking first", async () => {
    const rig = await createPostRig();
    closing.push(() => rig.close());
    const url = `${rig.url}/live/cam.flv`;
    const put = await curl("-T", file, url);
    expect(JSON.parse(put.text)).toMatchObject({ stream: "live/cam", frames: { video: 10 } });
    const chunked = await curl("-T", file, "-H", "Transfer-Encoding: chunked", url);
    expect(JSON.parse(chunked.text)).toMatchObject({ frames: { video: 10 }, resumed: true });
    const asking = await curl("-X", "POST", "-T", file, "-H", "Expect: 100-continue", url);
    expect(JSON.parse(asking.text)).toMatchObject({ frames: { video: 10 } });
  });

  it("reads why it is refused", async () => {
    const rig = await createPostRig();
    closing.push(() => rig.close());
    const url = `${rig.url}/live/cam.flv?token=wrong`;
    for (const more of [[], ["-H", "Expect: 100-continue"]]) {
      const { text } = await curl("-T", file, ...more, url);
      expect(JSON.parse(text)).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    }
  });
});
