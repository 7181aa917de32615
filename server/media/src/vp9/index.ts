export { videoTrackInfoFromVpcC, vpcCBytes, writeVpcC } from "./config.ts";
export {
  isPlainVp9Inter,
  parseVp9FrameHeader,
  type Vp9Color,
  type Vp9FrameHeader,
} from "./frame-header.ts";
