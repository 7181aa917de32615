import type { MediaDescription } from "sdp-transform";

/** A simulcast layer that we take. */
export interface Layer {
  readonly rid: string;
  /** The peer does not send it for now. RFC 8853 section 5.1. */
  readonly paused: boolean;
  /** The restrictions of the offer's `a=rid` that the answer repeats. RFC 8851 section 5. */
  readonly restrictions: string | undefined;
}

/** RFC 8852 section 3: letters and digits; as long as a value of the one-byte form may be. */
const RID = /^[0-9a-z]{1,16}$/i;

/** RFC 8851 section 5, without `depend`: layers that need each other are no simulcast. */
const RESTRICTIONS: ReadonlySet<string> = new Set([
  "max-width",
  "max-height",
  "max-fps",
  "max-fs",
  "max-br",
  "max-pps",
  "max-bpp",
]);

/**
 * The simulcast layers that a peer offers to send and that we take, in its order: of each stream the first
 * alternative that we understand, at most `maxLayers`. Empty without simulcast. RFC 8853 section 5.3,
 * RFC 8851 section 6.3.
 */
export function chooseLayers(
  line: MediaDescription,
  payloadTypes: readonly number[],
  maxLayers: number,
): readonly Layer[] {
  const declared = declaredRids(line);
  const layers: Layer[] = [];
  for (const stream of sentStreams(line)) {
    if (layers.length >= maxLayers) break;
    for (const alternative of stream.split(",")) {
      const paused = alternative.startsWith("~");
      const rid = paused ? alternative.slice(1) : alternative;
      const params = declared.get(rid);
      if (params === undefined || layers.some((layer) => layer.rid === rid)) continue;
      const restrictions = acceptRestrictions(params, payloadTypes);
      if (restrictions === undefined) continue;
      layers.push({ rid, paused, restrictions: restrictions === "" ? undefined : restrictions });
      break;
    }
  }
  return layers;
}

/** The value of the answer's `a=simulcast:recv`. A paused layer stays paused: naming it otherwise would start it. */
export function writeLayers(layers: readonly Layer[]): string {
  return layers.map(({ rid, paused }) => (paused ? `~${rid}` : rid)).join(";");
}

function sentStreams(line: MediaDescription): readonly string[] {
  const { simulcast } = line;
  if (simulcast === undefined) return [];
  const list = simulcast.dir1 === "send" ? simulcast.list1 : simulcast.list2;
  const direction = simulcast.dir1 === "send" ? "send" : simulcast.dir2;
  return direction === "send" ? String(list ?? "").split(";") : [];
}

function declaredRids(line: MediaDescription): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { id, direction, params } of line.rids ?? []) {
    const rid = String(id);
    if (direction === "send" && RID.test(rid) && !found.has(rid)) {
      found.set(rid, String(params ?? ""));
    }
  }
  return found;
}

/** Undefined when the layer cannot be taken with them. */
function acceptRestrictions(params: string, payloadTypes: readonly number[]): string | undefined {
  const kept: string[] = [];
  for (const part of params.split(";").map((text) => text.trim())) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split("=");
    if (name === "pt") {
      const usable = value.split(",").filter((text) => payloadTypes.includes(Number(text)));
      if (usable.length === 0) return undefined;
      kept.push(`pt=${usable.join(",")}`);
    } else if (RESTRICTIONS.has(name)) kept.push(part);
    else return undefined;
  }
  return kept.join(";");
}
