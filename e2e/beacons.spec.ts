import { expect, test } from "./fixtures.ts";
import { Gateway } from "./peers/gateway.ts";

interface Listed {
  readonly transport: string;
  readonly experience?: {
    readonly transport: string;
    readonly firstFrameMs?: number;
    readonly playedSeconds: number;
    readonly framesShown: number;
  };
}

test("what a viewer sees is in the API and in the metrics", async ({ page, cleanup }) => {
  const gateway = await Gateway.start({ flags: ["--demo"] });
  cleanup(() => gateway.stop());
  await page.goto(`${gateway.url}/live/demo`);
  const experience = async (): Promise<Listed["experience"]> => {
    const { viewers } = await gateway.api<{ viewers: readonly Listed[] }>("viewers");
    return viewers.find(({ experience }) => experience !== undefined)?.experience;
  };
  // It is told after ten seconds.
  await expect
    .poll(async () => (await experience())?.framesShown ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(0);
  const told = await experience();
  expect(told?.firstFrameMs).toBeGreaterThan(0);
  expect(told?.playedSeconds).toBeGreaterThan(0);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/^millrace_first_frame_seconds_count\{transport="[a-z-]+"\} [1-9]/m);
  expect(metrics).toMatch(/^millrace_played_seconds_total\{transport="[a-z-]+"\} [1-9]/m);
});
