import type { StreamStatus } from "@millrace/signaling/session";
import type { Advice } from "../publisher/advice.ts";
import type { CaptureCode } from "../publisher/capture/capture-failure.ts";
import { planVideo } from "../publisher/encodings.ts";
import type { SendStats } from "../publisher/send-stats-delta.ts";
import type { VideoCodec } from "../publisher/settings.ts";
import type { PublisherState } from "../publisher/state.ts";
import type { Studio } from "../publisher/studio.ts";
import { boardFigures, layerRows } from "./board-figures.ts";
import { noticeList } from "./notice-list.ts";
import { badgeOf, stageText, viewersText } from "./publish-text.ts";
import type { ViewPicture } from "./view.ts";

/** What there is to know about a publisher. */
export interface Situation {
  readonly studio: Studio;
  readonly state: PublisherState;
  readonly active: boolean;
  readonly status: StreamStatus | undefined;
  readonly stats: SendStats | undefined;
  readonly advice: readonly Advice[];
  /** Since the stream went live. */
  readonly elapsedMs: number;
  readonly codecs: readonly VideoCodec[];
}

/** Everything that is shown of it. */
export function viewPicture(situation: Situation): ViewPicture {
  const { studio, state, active, stats } = situation;
  const { settings, captured, picture, obstacle } = studio;
  const hasSound = captured.microphone !== undefined || captured.screenSound !== undefined;
  const hasPicture = picture !== undefined;
  const plan = studio.media.video?.plan ?? planVideo(settings, undefined);
  return {
    stage: {
      track: picture,
      mirrored: studio.mirrored,
      text: stageText({
        picture: settings.picture,
        hasPicture,
        paused: studio.paused,
        opening: pictureOpens(studio),
        failure: pictureFailure(studio),
        both: refusesBoth(studio),
        obstacle,
        hasSound,
        sharesScreens: studio.sharesScreens,
      }),
      badge: badgeOf(state, hasPicture || hasSound, situation.elapsedMs),
      viewers: state.type === "live" ? viewersText(situation.status?.viewers) : "",
      muted: studio.muted && captured.microphone !== undefined,
    },
    deck: {
      hasMicrophone: captured.microphone !== undefined,
      muted: studio.muted,
      hasPicture,
      paused: studio.paused,
      canFlip: studio.canFlip,
      sharesScreens: studio.sharesScreens,
      screen: settings.picture === "screen",
      active,
      possible: obstacle === undefined && !pictureOpens(studio),
    },
    notices: noticeList({
      state,
      // What holds for both is told once, over the preview.
      microphone:
        settings.useMicrophone && !refusesBoth(studio) ? studio.failure("microphone") : undefined,
      advice: situation.advice,
      hints: state.type === "live" ? (situation.status?.hints ?? []) : [],
    }),
    sources: {
      settings,
      cameras: studio.cameras,
      microphones: studio.microphones,
      ...studio.used,
      sharesScreens: studio.sharesScreens,
      possible: obstacle === undefined,
    },
    quality: {
      settings,
      codecs: situation.codecs,
      suitableKbps: Math.round((plan.layers.at(-1)?.maxBitrate ?? 0) / 1000),
      active,
    },
    board:
      state.type === "live" || state.type === "reconnecting"
        ? { figures: boardFigures(stats), layers: layerRows(stats) }
        : undefined,
  };
}

function pictureOpens(studio: Studio): boolean {
  if (studio.isOpening("camera") || studio.isOpening("screen")) return true;
  return studio.picture === undefined && studio.isOpening("microphone");
}

/** Camera and microphone are kept away by the same rule. */
function refusesBoth(studio: Studio): boolean {
  const { picture, useMicrophone } = studio.settings;
  if (picture !== "camera" || !useMicrophone) return false;
  const camera = studio.failure("camera") ?? "";
  const microphone = studio.failure("microphone") ?? "";
  return /_DENIED/.test(camera) && camera.replace("CAMERA", "MICROPHONE") === microphone;
}

function pictureFailure(studio: Studio): CaptureCode | undefined {
  const { picture } = studio.settings;
  return picture === "none" ? undefined : studio.failure(picture);
}
