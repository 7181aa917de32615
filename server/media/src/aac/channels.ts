import type { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";

/** ISO/IEC 14496-3 table 1.19; the index is channelConfiguration, 0 means not fixed by it. */
const channelCounts: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0];

/** Channels of a channelConfiguration; undefined for 0 and for reserved ones. */
export function channelsOfConfiguration(configuration: number): number | undefined {
  return channelCounts[configuration] || undefined;
}

/**
 * ISO/IEC 14496-3 section 4.4.1.1, program_config_element: passes over it and gives its number of
 * channels. Alignment is relative to the first bit of the reader.
 * @throws ProtocolError AAC_CHANNELS when it has none
 */
export function skipProgramConfig(bits: BitReader): number {
  bits.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const front = bits.bits(4);
  const side = bits.bits(4);
  const back = bits.bits(4);
  const lfe = bits.bits(2);
  const associatedData = bits.bits(3);
  const coupling = bits.bits(4);
  if (bits.flag()) bits.skip(4); // mono_mixdown
  if (bits.flag()) bits.skip(4); // stereo_mixdown
  if (bits.flag()) bits.skip(2 + 1); // matrix_mixdown
  let channels = lfe;
  for (let i = 0; i < front + side + back; i += 1) {
    channels += bits.flag() ? 2 : 1;
    bits.skip(4); // element_tag_select
  }
  bits.skip(lfe * 4 + associatedData * 4 + coupling * 5);
  bits.align();
  const commentBytes = bits.bits(8);
  bits.skip(commentBytes * 8);
  if (channels === 0) throw new ProtocolError("AAC_CHANNELS", "program config without channels");
  return channels;
}
