import {
  type CapacityMachine,
  type CapacityPlan,
  type CapacityTier,
  type CapacityWay,
  capacityWays,
} from "@millrace/signaling/capacity";

/** One line of the form's qualities, as text. */
export interface QualityText {
  /** Mbit/s. */
  readonly rate: string;
  /** Percent of the viewers. */
  readonly share: string;
}

/** What stands in the form: names of its fields to their text. */
export type FormTexts = ReadonlyMap<string, string>;

export interface ReadForm {
  readonly plan: CapacityPlan;
  readonly machine: CapacityMachine;
  /** CPU of a packet in microseconds, where it was told. */
  readonly packetUs: number | undefined;
}

/** What is meant; undefined while a field has no number, or one that cannot be. */
export function readForm(
  texts: FormTexts,
  qualities: readonly QualityText[],
): ReadForm | undefined {
  let wrong = false;
  const number = (text: string | undefined, min: number): number => {
    const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value < min) wrong = true;
    return value;
  };
  const field = (name: string, min: number): number => number(texts.get(name), min);
  const packet = texts.get("packet") ?? "";
  const read = {
    plan: {
      qualities: qualities.map(({ rate, share }) => ({
        bitrateBps: number(rate, 0.001) * 1e6,
        share: number(share, 0) / 100,
      })),
      streams: field("streams", 0),
      viewers: Object.fromEntries(capacityWays.map((way) => [way, field(way, 0)])) as Record<
        CapacityWay,
        number
      >,
      picturesPerSecond: field("fps", 1),
      transcodesSound: texts.has("aac"),
      joinsPerSecond: field("joins", 0),
      recordedSeconds: field("record", 0) * 3600,
    },
    machine: {
      cores: field("cores", 1),
      memoryMb: field("memory", 0.1) * 1000,
      networkBps: field("network", 0.001) * 1e9,
      tier: (texts.get("tier") ?? "native") as CapacityTier,
    },
    packetUs: packet.trim() === "" ? undefined : number(packet, 0.01),
  };
  return wrong || qualities.length === 0 ? undefined : read;
}
