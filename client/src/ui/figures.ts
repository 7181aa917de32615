/** What stands where a figure is not known. */
export const unknownFigure = "–";

/** `84 ms`, `1.2 s`. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return unknownFigure;
  return Math.abs(ms) < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `2.1 Mbit/s`, `96 kbit/s`. */
export function formatBitrate(bps: number | undefined): string {
  if (bps === undefined || !Number.isFinite(bps)) return unknownFigure;
  if (bps >= 999_500) return `${(bps / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bps / 1000)} kbit/s`;
}

/** `0.4 %`, of a share from 0 to 1. */
export function formatShare(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return unknownFigure;
  return `${(share * 100).toFixed(share >= 0.0995 || share === 0 ? 0 : 1)} %`;
}

/** The names under which people know the codecs. */
export function codecName(codec: string): string {
  const names: Readonly<Record<string, string>> = {
    h264: "H.264",
    h265: "H.265",
    hevc: "H.265",
    av1: "AV1",
    vp8: "VP8",
    vp9: "VP9",
    aac: "AAC",
    opus: "Opus",
    mp3: "MP3",
  };
  return names[codec.toLowerCase()] ?? codec;
}

/** Which H.264 profile a profile-level-id names (RFC 6184 section 8.1). */
export function h264ProfileName(profileLevelId: string): string {
  const idc = Number.parseInt(profileLevelId.slice(0, 2), 16);
  const constraints = Number.parseInt(profileLevelId.slice(2, 4), 16);
  const level = Number.parseInt(profileLevelId.slice(4, 6), 16) / 10;
  const constrainedBaseline = idc === 66 && (constraints & 0x40) !== 0;
  const names: Readonly<Record<number, string>> = { 66: "Baseline", 77: "Main", 100: "High" };
  const name = constrainedBaseline ? "Constrained Baseline" : (names[idc] ?? `profile ${idc}`);
  return `${name} ${level.toFixed(1)}`;
}
