export {
  type LowLatency,
  type MediaPlaylist,
  type PlaylistPart,
  type PlaylistSegment,
  type PreloadHint,
  type RenditionReport,
  writeMediaPlaylist,
} from "./media-playlist.ts";
export { type Variant, writeMultivariantPlaylist } from "./multivariant-playlist.ts";
