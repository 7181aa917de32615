export { videoTrackInfoFromVpcC, vpcCBytes, writeVpcC } from "./config.ts";
export { parseVp9FrameHeader, type Vp9Color, type Vp9FrameHeader } from "./frame-header.ts";
