import { parseVp9FrameHeader, writeVpcC } from "../vp9/index.ts";
import { brokenFrame, type FrameAssembly, type FrameParts } from "./frame-assembly.ts";
import { joinBodies } from "./join-bodies.ts";
import { parseVp9Descriptor } from "./vp9-payload.ts";

/**
 * RFC 9628 section 4: a layer's frame is its payloads without their descriptors. Only the lowest spatial
 * layer is kept; all others can be left out, because it never refers to them.
 */
export class Vp9Assembly implements FrameAssembly {
  assemble(payloads: readonly Uint8Array[]): FrameParts {
    const bodies: Uint8Array[] = [];
    let layer: number | undefined;
    let ended = false;
    for (const payload of payloads) {
      const descriptor = parseVp9Descriptor(payload);
      if (descriptor === undefined) throw brokenFrame("VP9 payload ends within its descriptor");
      const { begins, bytes, spatialLayer } = descriptor;
      layer ??= spatialLayer;
      if (spatialLayer !== layer) continue;
      if (ended || begins !== (bodies.length === 0)) {
        throw brokenFrame("VP9 frame has two or no beginnings");
      }
      bodies.push(payload.subarray(bytes));
      ended = descriptor.ends;
    }
    if (!ended) throw brokenFrame("VP9 frame has no end");
    const frame = joinBodies(bodies);
    const header = parseVp9FrameHeader(frame);
    const { key, width, height } = header;
    return { payload: [frame], key, config: writeVpcC(header), width, height };
  }
}
