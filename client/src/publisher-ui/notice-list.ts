import type { Hint } from "@millrace/signaling/session";
import { hintText } from "../pages/hint-text.ts";
import type { Advice } from "../publisher/advice.ts";
import { type CaptureCode, captureText } from "../publisher/capture/capture-failure.ts";
import { offersTakeOver, publishFailureText } from "../publisher/failure.ts";
import type { PublisherState } from "../publisher/state.ts";

/** What a button of a notice does. */
export type NoticeAction = "take-over" | "publish" | "microphone" | "no-microphone";

/** Something to know, with what to do about it. */
export interface Notice {
  /** The code; one notice of each. */
  readonly code: string;
  /** `error`: nothing is sent until something is done. `trouble`: it mends itself. `advice`: it could be better. */
  readonly kind: "error" | "trouble" | "advice";
  readonly title: string;
  readonly detail: string;
  readonly actions: readonly { readonly action: NoticeAction; readonly label: string }[];
}

export interface NoticeSituation {
  readonly state: PublisherState;
  /** Why the wanted microphone is silent. */
  readonly microphone: CaptureCode | undefined;
  readonly advice: readonly Advice[];
  /** What the server advises. */
  readonly hints: readonly Hint[];
}

/** What to tell beside the preview, the most urgent first. */
export function noticeList(situation: NoticeSituation): readonly Notice[] {
  const { state, microphone } = situation;
  const notices: Notice[] = [];
  if (state.type === "error") notices.push(errorNotice(state.code, state.message));
  if (state.type === "reconnecting") {
    const text = publishFailureText(state.code, state.message);
    notices.push({ code: state.code, kind: "trouble", ...text, actions: [] });
  }
  if (microphone !== undefined) {
    const actions = [
      { action: "microphone", label: "Try again" },
      { action: "no-microphone", label: "Go without" },
    ] as const;
    notices.push({ code: microphone, kind: "error", ...captureText(microphone), actions });
  }
  for (const { code, title, detail } of situation.advice) {
    notices.push({ code, kind: "advice", title, detail, actions: [] });
  }
  for (const hint of situation.hints) {
    notices.push({ kind: "advice", ...hintText(hint), actions: [] });
  }
  return notices.filter(
    ({ code }, index) => notices.findIndex((other) => other.code === code) === index,
  );
}

function errorNotice(code: string, message: string): Notice {
  const again = code === "TAKEN_OVER" ? [] : [{ action: "publish", label: "Try again" } as const];
  const over = offersTakeOver(code) ? [{ action: "take-over", label: "Take over" } as const] : [];
  return {
    code,
    kind: "error",
    ...publishFailureText(code, message),
    actions: [...over, ...again],
  };
}
