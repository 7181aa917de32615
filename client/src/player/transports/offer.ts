/**
 * Asks for stereo in an offer: without `stereo=1` browsers decode Opus in mono (RFC 7587 section 6.1).
 * Gives the description with that parameter added to every Opus format.
 */
export function preferStereo(sdp: string): string {
  const opus = new Set(
    [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2/gim)].map((match) => match[1]),
  );
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, format: string, parameters: string) => {
    if (!opus.has(format) || /(?:^|;)\s*stereo=/.test(parameters)) return line;
    return `a=fmtp:${format} ${parameters};stereo=1`;
  });
}
