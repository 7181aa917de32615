import type { MediaSourceKind } from "../sink/media-source.ts";

/** Whether the publisher's sound will do: WebRTC publishers send Opus, which not every browser takes in MP4. */
export function soundFor(kind: Pick<MediaSourceKind, "isTypeSupported">): "native" | "aac" {
  return kind.isTypeSupported('audio/mp4; codecs="opus"') ? "native" : "aac";
}
