import type { SoundDesk } from "../publisher/sound-desk.ts";
import type { Studio } from "../publisher/studio.ts";
import type { ViewActions } from "./view.ts";

/** The publisher as its buttons need it. */
export interface ActionTarget {
  readonly active: boolean;
  muted: boolean;
  paused: boolean;
  start(options?: { readonly takeOver?: boolean }): Promise<void>;
  stop(): void;
}

/** What each button does. Failures are told by the studio's and the publisher's own events. */
export function publisherActions(
  target: ActionTarget,
  studio: () => Studio,
  desk: SoundDesk,
): ViewActions {
  return {
    toggleMute: () => {
      target.muted = !target.muted;
    },
    togglePause: () => {
      target.paused = !target.paused;
    },
    flip: () => void studio().flip(),
    toggleScreen: () => {
      if (studio().settings.picture === "screen") void studio().useCamera();
      else void studio().shareScreen();
    },
    toggleLive: () => {
      if (target.active) target.stop();
      else void target.start();
    },
    choosePicture: (picture) => {
      if (picture === "camera") void studio().useCamera();
      else if (picture === "screen") void studio().shareScreen();
      else studio().useNoPicture();
    },
    chooseCamera: (id) => void studio().useCamera(id),
    chooseMicrophone: (id) => void studio().useMicrophone(id),
    change: (changes) => void studio().change(changes),
    stage: (action) => {
      switch (action) {
        case "open":
          void studio().open();
          break;
        case "camera":
          void studio().useCamera();
          break;
        case "screen":
          void studio().shareScreen();
          break;
        case "resume":
          target.paused = false;
          break;
      }
    },
    notice: (action) => {
      switch (action) {
        case "take-over":
          void target.start({ takeOver: true });
          break;
        case "publish":
          void target.start();
          break;
        case "microphone":
          void studio().useMicrophone(studio().settings.microphone);
          break;
        case "no-microphone":
          void studio().useMicrophone(undefined);
          break;
      }
    },
    level: (nowMs) => desk.level(nowMs),
  };
}
