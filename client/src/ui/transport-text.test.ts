import { expect, it } from "vitest";
import { transportNames } from "../player/transports/transport.ts";
import { transportName, transportText } from "./transport-text.ts";

it("names the way and says why", () => {
  expect(transportText("ws-flv", "ICE_FAILED")).toBe("FLV over WebSocket (no way for UDP)");
  expect(transportText("webrtc", "climb")).toBe("WebRTC (a better way came up)");
});

it("tells a reason that it does not know by its code", () => {
  expect(transportText("mjpeg", "A_CODE")).toBe("Pictures (A_CODE)");
  expect(transportText("mjpeg", undefined)).toBe("Pictures");
  expect(transportText(undefined, "climb")).toBeUndefined();
});

it("has a name for every way", () => {
  expect(new Set(transportNames.map(transportName)).size).toBe(transportNames.length);
});
