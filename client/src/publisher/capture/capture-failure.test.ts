import { describe, expect, it } from "vitest";
import { CaptureError, captureError, captureText } from "./capture-failure.ts";

function named(name: string, message = ""): Error {
  return Object.assign(new Error(message), { name });
}

describe("what the browser says", () => {
  it.each([
    ["camera", "NotAllowedError", "Permission denied", "CAMERA_DENIED"],
    ["camera", "NotAllowedError", "Permission denied by system", "CAMERA_DENIED_BY_SYSTEM"],
    ["camera", "NotFoundError", "Requested device not found", "CAMERA_NOT_FOUND"],
    ["camera", "OverconstrainedError", "", "CAMERA_NOT_FOUND"],
    ["camera", "NotReadableError", "Could not start video source", "CAMERA_IN_USE"],
    ["camera", "TypeError", "", "CAMERA_FAILED"],
    ["microphone", "PermissionDeniedError", "", "MICROPHONE_DENIED"],
    ["microphone", "SecurityError", "", "MICROPHONE_DENIED"],
    ["microphone", "DevicesNotFoundError", "", "MICROPHONE_NOT_FOUND"],
    ["microphone", "AbortError", "Starting audioinput failed", "MICROPHONE_IN_USE"],
    ["microphone", "", "", "MICROPHONE_FAILED"],
    ["screen", "NotAllowedError", "Permission denied", "SCREEN_CANCELLED"],
    ["screen", "NotAllowedError", "Permission denied by system", "SCREEN_DENIED_BY_SYSTEM"],
    ["screen", "NotReadableError", "", "SCREEN_FAILED"],
  ] as const)("%s %s %s is %s", (source, name, message, code) => {
    const error = captureError(source, named(name, message));
    expect(error).toMatchObject({ code, source });
    expect(captureText(code).title).not.toBe("");
    expect(captureText(code).detail).toMatch(/\.$/);
  });

  it("takes anything that is thrown, and its own errors as they are", () => {
    expect(captureError("camera", undefined).code).toBe("CAMERA_FAILED");
    const own = new CaptureError("INSECURE_CONTEXT", "camera");
    expect(captureError("microphone", own)).toBe(own);
  });
});

it("tells how to help where the page came over http", () => {
  expect(captureText("INSECURE_CONTEXT").detail).toContain("https");
});
