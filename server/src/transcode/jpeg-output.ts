/** How coarse JPEG pictures are: FFmpeg's scale from 1 (best) to 31. */
export const jpegQuality = 5;

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size of a JPEG picture: at most `maxWidth` wide, never larger than the source, with square
 * pixels and even sides. `pixelAspect` is the width of a source pixel divided by its height.
 */
export function jpegSize(source: PictureSize, pixelAspect: number, maxWidth: number): PictureSize {
  const aspect = pixelAspect > leastAspect && pixelAspect < 1 / leastAspect ? pixelAspect : 1;
  // Wide pixels are made square by a lower picture, tall ones by a narrower one.
  const shownWidth = aspect < 1 ? source.width * aspect : source.width;
  const shownHeight = aspect > 1 ? source.height / aspect : source.height;
  const factor = Math.min(1, maxWidth / shownWidth);
  return { width: even(shownWidth * factor), height: even(shownHeight * factor) };
}

const leastAspect = 1 / 8;

function even(pixels: number): number {
  return Math.max(2, 2 * Math.round(pixels / 2));
}
