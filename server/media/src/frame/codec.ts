/**
 * Video codecs, named as in WebRTC MIME types, in lower case. `jpeg`, one whole picture per frame,
 * is only that of derived tracks: no publisher sends it, and FLV, RTP and fMP4 do not carry it.
 */
export type VideoCodec = "h264" | "h265" | "av1" | "vp8" | "vp9" | "jpeg";

/** Audio codecs. `g711a` and `g711u` are PCMA and PCMU. */
export type AudioCodec = "aac" | "opus" | "mp3" | "g711a" | "g711u" | "speex";

export type Codec = VideoCodec | AudioCodec;

export type MediaKind = "video" | "audio";
