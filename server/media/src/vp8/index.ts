export {
  parseVp8FrameHeader,
  type Vp8FrameHeader,
  vp8FrameTagBytes,
  vp8KeyHeaderBytes,
} from "./frame-header.ts";
