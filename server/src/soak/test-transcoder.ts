import type { Frame, TrackInfo } from "@millrace/media/frame";
import type { Derivation, DerivedSink, DerivedTarget, Transcoder } from "../core/index.ts";
import { audioInfo } from "../core/test-frames.ts";

/** Gives one small packet of sound for each frame, at once and with its times. Knows no pictures. */
export class EchoTranscoder implements Transcoder {
  running = 0;

  refusal(_source: TrackInfo, target: DerivedTarget): string | undefined {
    return target.kind === "audio" ? undefined : "CODEC_UNSUPPORTED";
  }

  start(_source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation {
    this.running++;
    let open = true;
    const opus = { codec: "opus", codecString: "opus", config: new Uint8Array(0) } as const;
    sink.info(audioInfo(target.codec === "opus" ? opus : {}));
    return {
      push: ({ ptsUs }: Frame): void => {
        sink.frame({ ptsUs, dtsUs: ptsUs, key: true, payload: [Uint8Array.of(0xfc, 1, 2, 3)] });
      },
      reconfigure() {},
      close: () => {
        if (open) this.running--;
        open = false;
      },
    };
  }
}
