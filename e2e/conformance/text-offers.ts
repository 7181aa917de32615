/** An offer written by hand: it is well formed, but nobody is behind it. */
export interface TextMedia {
  readonly kind: "audio" | "video";
  readonly direction: "sendonly" | "recvonly" | "inactive";
  /** `NAME/RATE` of the only codec. */
  readonly codec: string;
}

/** The codecs that every WebRTC server knows (RFC 7742, RFC 7874). */
export const knownCodec = { audio: "opus/48000/2", video: "VP8/90000" } as const;

const fingerprint = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, "0"))
  .join(":")
  .toUpperCase();

/** A description with those m-lines, bundled on one transport. */
export function textOffer(media: readonly TextMedia[]): string {
  const mids = media.map((_, mid) => mid);
  return [
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${mids.join(" ")}`,
    "a=msid-semantic: WMS stream",
    ...media.flatMap(({ kind, direction, codec }, mid) => [
      `m=${kind} 9 UDP/TLS/RTP/SAVPF ${96 + mid}`,
      "c=IN IP4 0.0.0.0",
      "a=ice-ufrag:EsAw",
      "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
      `a=fingerprint:sha-256 ${fingerprint}`,
      "a=setup:actpass",
      `a=mid:${mid}`,
      `a=${direction}`,
      ...(direction === "sendonly" ? [`a=msid:stream track${mid}`] : []),
      "a=rtcp-mux",
      `a=rtpmap:${96 + mid} ${codec}`,
    ]),
    "",
  ].join("\r\n");
}
