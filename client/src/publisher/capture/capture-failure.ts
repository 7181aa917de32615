import type { FailureText } from "../../player/failure.ts";

/** What media is taken from. */
export type Source = "camera" | "microphone" | "screen";

/** Why a source gives nothing; stable. */
export type CaptureCode =
  /** The page is not on https, so the browser shows it no devices. */
  | "INSECURE_CONTEXT"
  | "CAPTURE_UNSUPPORTED"
  | "CAMERA_DENIED"
  | "CAMERA_DENIED_BY_SYSTEM"
  | "CAMERA_NOT_FOUND"
  | "CAMERA_IN_USE"
  | "CAMERA_LOST"
  | "CAMERA_FAILED"
  | "MICROPHONE_DENIED"
  | "MICROPHONE_DENIED_BY_SYSTEM"
  | "MICROPHONE_NOT_FOUND"
  | "MICROPHONE_IN_USE"
  | "MICROPHONE_LOST"
  | "MICROPHONE_FAILED"
  /** The dialog was closed without a choice. */
  | "SCREEN_CANCELLED"
  | "SCREEN_DENIED_BY_SYSTEM"
  | "SCREEN_UNSUPPORTED"
  | "SCREEN_ENDED"
  | "SCREEN_FAILED";

/** Why a source could not be opened. */
export class CaptureError extends Error {
  readonly code: CaptureCode;
  readonly source: Source;

  constructor(code: CaptureCode, source: Source, message = "") {
    super(message);
    this.code = code;
    this.source = source;
  }
}

/** Names what the browser said. Browsers differ in the names, so old ones count too. */
export function captureError(source: Source, error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  const { name = "", message = "" } = (error ?? {}) as { name?: string; message?: string };
  return new CaptureError(codeOf(source, name, message), source, message);
}

function codeOf(source: Source, name: string, message: string): CaptureCode {
  const bySystem = /system/i.test(message);
  if (source === "screen") {
    if (name === "NotAllowedError" || name === "AbortError") {
      return bySystem ? "SCREEN_DENIED_BY_SYSTEM" : "SCREEN_CANCELLED";
    }
    return "SCREEN_FAILED";
  }
  const which = source === "camera" ? "CAMERA" : "MICROPHONE";
  switch (name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
      return bySystem ? `${which}_DENIED_BY_SYSTEM` : `${which}_DENIED`;
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return `${which}_NOT_FOUND`;
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return `${which}_IN_USE`;
    default:
      return `${which}_FAILED`;
  }
}

/** What goes wrong, in words, and what to do about it. `both`: the same holds for camera and microphone. */
export function captureText(code: CaptureCode, both = false): FailureText {
  switch (code) {
    case "INSECURE_CONTEXT":
      return {
        title: "This page needs https",
        detail:
          "Browsers show camera, microphone and screen only to pages that come over https, or from this very computer (localhost). Open this page by its https address; whoever runs the server finds how in its documentation.",
      };
    case "CAPTURE_UNSUPPORTED":
      return {
        title: "This browser cannot record",
        detail:
          "It gives pages neither camera nor microphone. Use a current browser; inside another app, open the page in the real browser.",
      };
    case "CAMERA_DENIED":
      return denied(both ? "camera and microphone" : "camera");
    case "MICROPHONE_DENIED":
      return denied("microphone");
    case "CAMERA_DENIED_BY_SYSTEM":
      return deniedBySystem(both ? "camera and microphone" : "camera");
    case "MICROPHONE_DENIED_BY_SYSTEM":
      return deniedBySystem("microphone");
    case "SCREEN_DENIED_BY_SYSTEM":
      return {
        title: "The system hides the screen",
        detail:
          "In the system's privacy settings, let this browser record the screen. Then restart the browser.",
      };
    case "CAMERA_NOT_FOUND":
      return {
        title: "No camera found",
        detail:
          "Connect one, or share a screen instead. A camera that comes later is seen by itself.",
      };
    case "MICROPHONE_NOT_FOUND":
      return {
        title: "No microphone found",
        detail: "Connect one, or go live without sound. One that comes later is seen by itself.",
      };
    case "CAMERA_IN_USE":
      return {
        title: "The camera is taken",
        detail: "Another program holds it. Close that program or its call, then try again.",
      };
    case "MICROPHONE_IN_USE":
      return {
        title: "The microphone is taken",
        detail: "Another program holds it. Close that program or its call, then try again.",
      };
    case "CAMERA_LOST":
      return {
        title: "The camera is gone",
        detail: "It was unplugged or switched off. It goes on when it is back, or choose another.",
      };
    case "MICROPHONE_LOST":
      return {
        title: "The microphone is gone",
        detail: "It was unplugged or switched off. It goes on when it is back, or choose another.",
      };
    case "CAMERA_FAILED":
      return { title: "The camera does not start", detail: "Reconnect it, or choose another one." };
    case "MICROPHONE_FAILED":
      return {
        title: "The microphone does not start",
        detail: "Reconnect it, or choose another one.",
      };
    case "SCREEN_CANCELLED":
      return { title: "No screen was chosen", detail: "Choose a screen, a window or a tab." };
    case "SCREEN_UNSUPPORTED":
      return {
        title: "Screens cannot be shared here",
        detail: "This browser shares no screen. Browsers on computers do.",
      };
    case "SCREEN_ENDED":
      return {
        title: "The screen is not shared any more",
        detail: "Sharing was stopped, or the window was closed. Share again, or use the camera.",
      };
    case "SCREEN_FAILED":
      return { title: "The screen cannot be shared", detail: "Try another window or screen." };
  }
}

function denied(device: string): FailureText {
  return {
    title: `This page may not use the ${device}`,
    detail: `Press the sign to the left of the address, allow the ${device} for this page, then try again.`,
  };
}

function deniedBySystem(device: string): FailureText {
  return {
    title: `The system keeps the ${device} from the browser`,
    detail: `In the system's privacy settings, let this browser use the ${device}. Then try again.`,
  };
}
