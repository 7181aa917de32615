export { hasJpegEnds, type JpegImage, type JpegSize, parseJpeg, parseJpegSize } from "./image.ts";
