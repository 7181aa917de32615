export { defaultPictureLimits, type PictureLimits } from "./limits.ts";
export {
  createPicturesOutput,
  type PicturesOptions,
  type PicturesOutput,
  type PicturesStats,
} from "./output.ts";
