import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import type { Gateway } from "./peers/gateway.ts";
import { Site } from "./peers/site.ts";

const run = promisify(execFile);

interface Probe {
  readonly streams: readonly {
    readonly codec_name: string;
    readonly codec_type: string;
    readonly width?: number;
    readonly nb_read_packets?: string;
  }[];
}

/** What ffprobe makes of the first seconds of an address. */
async function probe(url: string, seconds = 3): Promise<Probe["streams"]> {
  const { stdout } = await run(
    "ffprobe",
    [
      ...["-v", "error", "-count_packets", "-read_intervals", `%+${seconds}`],
      ...["-show_streams", "-of", "json", url],
    ],
    { timeout: 60_000 },
  );
  return (JSON.parse(stdout) as Probe).streams;
}

async function publish(
  gateway: Gateway,
  name: string,
  cleanup: (step: () => Promise<unknown>) => void,
): Promise<void> {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/${name}`, {
    width: 640,
    height: 360,
    gopSeconds: 1,
  });
  cleanup(() => encoder.stop());
  await expect
    .poll(async () => (await fetch(`${gateway.url}/live/${name}`, { method: "HEAD" })).headers)
    .toBeDefined();
  await expect
    .poll(
      async () =>
        (await fetch(`${gateway.url}/live/${name}`, { method: "HEAD" })).headers
          .get("millrace-stream-tracks")
          ?.split(",").length,
      { timeout: 20_000 },
    )
    .toBe(2);
}

test("ffmpeg reads HTTP-FLV, HLS, M-JPEG and the sound of a stream", async ({
  gateway,
  cleanup,
}) => {
  await publish(gateway, "foreign", cleanup);
  const at = `${gateway.url}/live/foreign`;
  for (const ending of ["flv", "m3u8"]) {
    const streams = await probe(`${at}.${ending}`);
    const video = streams.find(({ codec_type }) => codec_type === "video");
    const audio = streams.find(({ codec_type }) => codec_type === "audio");
    expect(video, ending).toMatchObject({ codec_name: "h264", width: 640 });
    expect(audio, ending).toMatchObject({ codec_name: "aac" });
    expect(Number(video?.nb_read_packets), ending).toBeGreaterThan(30);
    expect(Number(audio?.nb_read_packets), ending).toBeGreaterThan(30);
  }
  const [picture] = await probe(`${at}.mjpg`);
  expect(picture).toMatchObject({ codec_name: "mjpeg", width: 640 });
  const [sound] = await probe(`${at}.aac`);
  expect(sound).toMatchObject({ codec_name: "aac" });
});

test("VLC plays HTTP-FLV and HLS", async ({ gateway, cleanup }) => {
  await publish(gateway, "vlc", cleanup);
  const folder = mkdtempSync(join(tmpdir(), "millrace-vlc-"));
  cleanup(async () => rmSync(folder, { recursive: true, force: true }));
  for (const ending of ["flv", "m3u8"]) {
    const file = join(folder, `${ending}.ts`);
    await run("chmod", ["777", folder]);
    // VLC does not run as root.
    await run(
      "setpriv",
      [
        ...["--reuid", "65534", "--regid", "65534", "--clear-groups", "cvlc", "-I", "dummy", "-q"],
        ...[`${gateway.url}/live/vlc.${ending}`, "--run-time=6", "--play-and-exit"],
        ...["--sout", `#std{access=file,mux=ts,dst=${file}}`, "vlc://quit"],
      ],
      { timeout: 60_000, env: { ...process.env, HOME: folder } },
    );
    expect(statSync(file).size, ending).toBeGreaterThan(50_000);
    const streams = await probe(file, 30);
    expect(streams.map(({ codec_name }) => codec_name).sort(), ending).toEqual(["aac", "h264"]);
  }
});

test("an image tag shows M-JPEG, an audio tag plays the sound, EventSource tells what happens", async ({
  page,
  gateway,
  cleanup,
}) => {
  await publish(gateway, "tags", cleanup);
  // A page of another site: everything may be used from there.
  const site = await Site.start();
  cleanup(() => site.close());
  await page.goto(site.url);
  const at = `${gateway.url}/live/tags`;
  const pictures = await page.evaluate(async (url) => {
    const image = new Image();
    image.crossOrigin = "anonymous";
    image.src = url;
    document.body.append(image);
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
    });
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const seen = new Set<string>();
    const untilMs = performance.now() + 20_000;
    while (seen.size < 5 && performance.now() < untilMs) {
      context?.drawImage(image, 0, 0, 64, 36);
      seen.add(String(context?.getImageData(0, 0, 64, 36).data));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return { seen: seen.size, width: image.naturalWidth };
  }, `${at}.mjpg`);
  expect(pictures).toEqual({ seen: 5, width: 640 });

  await page.evaluate(async (url) => {
    const audio = new Audio(url);
    document.body.append(audio);
    await audio.play();
    await new Promise<void>((resolve) => {
      audio.addEventListener("timeupdate", () => {
        if (audio.currentTime > 1) resolve();
      });
    });
  }, `${at}.aac`);

  const events = await page.evaluate(
    (url) =>
      new Promise<{ data: string; id: string; state: number }>((resolve, reject) => {
        const source = new EventSource(url);
        source.addEventListener("stream", ({ data, lastEventId }) => {
          const state = source.readyState;
          source.close();
          resolve({ data, id: lastEventId, state });
        });
        setTimeout(() => reject(new Error("nothing came")), 20_000);
      }),
    `${at}.sse`,
  );
  expect(JSON.parse(events.data)).toMatchObject({ name: "live/tags", state: "live" });
  expect(events.id).not.toBe("");
  expect(events.state).toBe(1);
});

test("an ICY client hears the stream's name between the frames; another one nothing but frames", async ({
  gateway,
  cleanup,
}) => {
  await publish(gateway, "radio", cleanup);
  const url = `${gateway.url}/live/radio.aac`;
  const curl = (...args: string[]) =>
    run("curl", ["-s", "--max-time", "5", ...args, url], {
      encoding: "latin1",
      maxBuffer: 10_000_000,
    }).catch((error: { stdout: string }) => error);
  const withTitles = await curl("-D", "-", "-H", "Icy-MetaData: 1");
  const [head = "", ...rest] = withTitles.stdout.split("\r\n\r\n");
  const every = Number(/icy-metaint: *(\d+)/i.exec(head)?.[1]);
  expect(every).toBeGreaterThan(0);
  const body = rest.join("\r\n\r\n");
  const block = body.slice(every, every + 1 + 16 * (body.codePointAt(every) ?? 0));
  expect(block).toContain("StreamTitle='");
  const plain = await curl("-D", "-");
  expect(plain.stdout).not.toMatch(/^icy-metaint/im);
  expect(plain.stdout).not.toContain("StreamTitle");
});

test("unknown streams are refused before any byte, with a code", async ({ gateway }) => {
  for (const ending of ["flv", "m3u8", "sse", "poll", "mjpg", "jpg", "aac"]) {
    const response = await fetch(`${gateway.url}/live/nobody.${ending}`);
    expect(response.status, ending).toBe(404);
    expect(await response.json(), ending).toMatchObject({ code: "STREAM_NOT_FOUND" });
  }
});
