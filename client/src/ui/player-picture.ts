import type { StreamStatus } from "@millrace/signaling/session";
import type { PlayerController } from "../player/controller.ts";
import { isWebRtc } from "../player/ladder/way.ts";
import type { LatencySample } from "../player/latency.ts";
import { layerOptions, layersOf } from "./layer-options.ts";
import type { Screens } from "./screens.ts";
import type { Surface } from "./surface.ts";
import { transportText } from "./transport-text.ts";
import type { ViewPicture } from "./view.ts";

/** What there is to know about a player. */
export interface PlayerSituation {
  readonly controller: PlayerController;
  readonly surface: Surface;
  readonly screens: Screens;
  /** The element, for its attributes. */
  readonly host: Element;
  readonly hasPicture: boolean;
  /** Playing, or trying to by itself. */
  readonly active: boolean;
  readonly latency: LatencySample | undefined;
}

/** Everything that is shown of it, but the picture and the statistics. */
export function playerPicture(situation: PlayerSituation): ViewPicture {
  const { controller, surface, screens, host } = situation;
  const { state, status } = controller;
  const { muted, volume } = surface.video;
  return {
    state,
    stream: status?.name ?? controller.streamName,
    status,
    controls: host.hasAttribute("controls"),
    hasPicture: situation.hasPicture,
    hasPoster: host.hasAttribute("poster"),
    offerUnmute: offersUnmute(controller, surface),
    wanted: situation.active,
    latencyMs: situation.latency?.medianMs,
    layers: layerOptions(
      layersOf(status?.tracks ?? []),
      controller.preference.rid ?? null,
      controller.layer,
    ),
    way: menuWay(controller),
    muted,
    volume,
    hasSound: hasSound(status),
    pictureInPicture: screens.pictureInPicture,
    fullscreen: screens.fullscreen,
  };
}

/** WebRTC needs no word: it is what is expected. */
function menuWay({ transport, transportReason }: PlayerController): string | undefined {
  if (transport === undefined || isWebRtc(transport)) return undefined;
  return transportText(transport, transportReason);
}

/** Whether a tap on the picture gives sound that is missing. */
export function offersUnmute(controller: PlayerController, surface: Surface): boolean {
  return controller.state.type === "playing" && surface.offersUnmute && hasSound(controller.status);
}

function hasSound(status: StreamStatus | undefined): boolean {
  return status?.tracks.some((track) => track.kind === "audio") ?? true;
}
