import type { PlayerController } from "../player/controller.ts";
import { layerText } from "./layer-options.ts";
import { type StatsRow, statsRows } from "./stats-rows.ts";
import { transportText } from "./transport-text.ts";

/** The statistics of a player, as they are now. `latencyMs`: of the last second; undefined until it is known. */
export async function playerRows(
  controller: PlayerController,
  latencyMs: number | undefined,
): Promise<readonly StatsRow[]> {
  const { status, preference, layer, transport, transportReason } = controller;
  return statsRows({
    stats: await controller.stats(),
    latencyMs,
    transport: transportText(transport, transportReason),
    layer: layerText(status?.tracks ?? [], preference.rid ?? null, layer),
  });
}
