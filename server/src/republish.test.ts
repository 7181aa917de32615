import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJpeg } from "@millrace/media/jpeg";
import { afterEach, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;

const steps: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

async function start(): Promise<Gateway> {
  const hosts = ["http", "rtmp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...hosts,
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=ffmpeg"],
      "--shutdown-drain-seconds=1",
    ],
    readFile: () => "",
  });
  const gateway = await createGateway(config, { log: silentLog });
  steps.push(() => gateway.close());
  await gateway.start();
  return gateway;
}

/** Publishes as fast as it is watched until the test is over. */
function publish(input: readonly string[], filter: string, url: string): void {
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-re", ...input, "-vf", filter, "-c:v", "libx264", "-preset", "ultrafast"],
      ...["-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "10", "-f", "flv", url],
    ],
    { stdio: "ignore" },
  );
  steps.push(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  });
}

/** The snapshot of a stream, once it has one. */
async function snapshot(url: string): Promise<Buffer> {
  for (;;) {
    const response = await fetch(url);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.ok) return bytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe.runIf(hasFfmpeg)("ffmpeg", () => {
  test("publishes an annotated snapshot of a stream as another stream (row 39)", async () => {
    const gateway = await start();
    const { http, rtmp } = gateway.addresses();
    const site = `http://127.0.0.1:${http?.port}`;
    const server = `rtmp://127.0.0.1:${rtmp?.port}/live`;
    publish(["-f", "lavfi", "-i", "color=blue:s=160x120:r=10"], "null", `${server}/cam`);
    const picture = await snapshot(`${site}/live/cam/snapshot.jpg`);
    expect(parseJpeg(picture)).toMatchObject({ width: 160, height: 120 });
    expect(colour(picture, 10, 10)).toBe("blue");

    const folder = mkdtempSync(join(tmpdir(), "millrace-snapshot-"));
    steps.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "cam.jpg");
    writeFileSync(file, picture);
    const box = "drawbox=x=60:y=40:w=40:h=40:color=red:t=fill";
    const loop = ["-loop", "1", "-framerate", "10", "-i", file];
    publish(loop, box, `${server}/annotated`);
    const annotated = await snapshot(`${site}/live/annotated/snapshot.jpg`);
    expect(colour(annotated, 10, 10)).toBe("blue");
    expect(colour(annotated, 80, 60)).toBe("red");
    expect(gateway.registry.get("live/annotated")?.state).toBe("live");
  }, 60_000);
});

/** Which of red and blue a pixel has more of. */
function colour(jpeg: Buffer, x: number, y: number): string {
  const decoded = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "mjpeg", "-i", "-", "-vf", `crop=2:2:${x}:${y}`],
      ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
    ],
    { input: jpeg },
  );
  const [red = 0, , blue = 0] = decoded.stdout;
  return red > blue ? "red" : "blue";
}
