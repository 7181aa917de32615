/** Video codecs, named as in WebRTC MIME types, in lower case. */
export type VideoCodec = "h264" | "h265" | "av1" | "vp8" | "vp9";

/** Audio codecs. `g711a` and `g711u` are PCMA and PCMU. */
export type AudioCodec = "aac" | "opus" | "mp3" | "g711a" | "g711u" | "speex";

export type Codec = VideoCodec | AudioCodec;

export type MediaKind = "video" | "audio";
