import { expect, test } from "./fixtures.ts";
import { publishByWhip } from "./peers/browser-publisher.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";

interface Told {
  readonly hints: readonly { readonly code: string }[];
  readonly publisher: { readonly transport: string; readonly stats: Figures } | null;
}

interface Figures {
  readonly encoder?: string;
  readonly bytesReceived?: number;
  readonly bitrateBps?: number;
  readonly frameRate?: number;
  readonly keyIntervalMs?: number;
  readonly bFrames?: boolean;
  readonly jitterMs?: number;
  readonly timelineJumps?: number;
  readonly framesReceived?: number;
  readonly path?: string;
  readonly tracks?: readonly { readonly kind: string; readonly framesReceived: number }[];
}

test("every way in tells the same figures of its publisher", async ({ page, cleanup }) => {
  const gateway = await Gateway.start({ flags: ["--demo", "--flv-tcp-port", "0"] });
  cleanup(() => gateway.stop());
  const at = gateway.log.find((line) => line.msg === "listening") as unknown as {
    readonly flvTcp: { readonly port: number };
  };
  const picture = { width: 320, height: 180, gopSeconds: 1 };
  for (const url of [
    `${gateway.rtmpUrl}/rtmp`,
    `tcp://127.0.0.1:${at.flvTcp.port}`,
    `${gateway.url}/live/post.flv`,
  ]) {
    const encoder = publishWithFfmpeg(url, picture);
    cleanup(() => encoder.stop());
  }
  await page.goto(`${gateway.url}/healthz`);
  await publishByWhip(page, `${gateway.url}/whip/live/whip`, { width: 320, height: 180 });
  const wanted = [
    ["live/rtmp", "rtmp", /Lavf/],
    ["tcp/0", "flv-tcp", /Lavf/],
    ["live/post", "http-flv", /Lavf/],
    ["live/whip", "whip", /Chrome/],
    ["live/demo", "demo", undefined],
  ] as const;
  for (const [name, transport, encoder] of wanted) {
    let figures: Figures = {};
    await expect
      .poll(
        async () => {
          const told = await gateway.api<Told>(`streams/${name}`).catch(() => undefined);
          figures = told?.publisher?.stats ?? {};
          expect(told?.publisher?.transport ?? transport).toBe(transport);
          return (figures.frameRate ?? 0) > 20 && (figures.tracks?.length ?? 0) === 2;
        },
        { timeout: 30_000, message: name },
      )
      .toBe(true);
    expect(figures.frameRate, name).toBeLessThan(35);
    expect(figures.timelineJumps, name).toBe(0);
    expect(figures.jitterMs, name).toBeGreaterThanOrEqual(0);
    expect(figures.bitrateBps, name).toBeGreaterThan(10_000);
    expect(figures.framesReceived, name).toBeGreaterThan(50);
    expect(figures.tracks?.map(({ kind }) => kind)).toEqual(["video", "audio"]);
    if (encoder !== undefined) expect(figures.encoder).toMatch(encoder);
    if (transport !== "demo") expect(figures.bytesReceived, name).toBeGreaterThan(20_000);
    if (transport === "whip") expect(figures.path).toBe("udp");
    else {
      expect(figures.keyIntervalMs, name).toBeGreaterThan(900);
      expect(figures.bFrames, name).toBe(false);
    }
  }
});

test("an encoder with bad settings is told each of them", async ({ gateway, cleanup }) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/bad`, {
    ...{ width: 320, height: 180, fps: 8, gopSeconds: 6, bFrames: 2, sampleRate: 44_100 },
  });
  cleanup(() => encoder.stop());
  await expect
    .poll(
      async () => {
        const told = await gateway.api<Told>("streams/live/bad").catch(() => undefined);
        return told?.hints.map(({ code }) => code).sort();
      },
      { timeout: 60_000 },
    )
    .toEqual(["B_FRAMES", "FRAME_RATE_LOW", "KEY_INTERVAL_LONG", "SAMPLE_RATE"]);
});
