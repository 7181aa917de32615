import { parseVp8FrameHeader } from "../vp8/index.ts";
import { brokenFrame, type FrameAssembly, type FrameParts } from "./frame-assembly.ts";
import { joinBodies } from "./join-bodies.ts";
import { beginsVp8Frame, vp8DescriptorBytes } from "./vp8-payload.ts";

/** RFC 7741 section 4.5.1: a frame is its payloads without their descriptors, one after the other. */
export class Vp8Assembly implements FrameAssembly {
  assemble(payloads: readonly Uint8Array[]): FrameParts {
    const bodies: Uint8Array[] = [];
    for (const [i, payload] of payloads.entries()) {
      const start = vp8DescriptorBytes(payload);
      if (start === 0) throw brokenFrame("VP8 payload ends within its descriptor");
      if (beginsVp8Frame(payload) !== (i === 0))
        throw brokenFrame("VP8 frame has two or no beginnings");
      bodies.push(payload.subarray(start));
    }
    const frame = joinBodies(bodies);
    const header = parseVp8FrameHeader(frame);
    if (header === undefined) throw brokenFrame("VP8 frame without a header");
    const { key, width, height } = header;
    return { payload: [frame], key, config: undefined, width, height };
  }
}
