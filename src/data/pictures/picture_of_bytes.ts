import type { PictureFormat } from "./types.ts";

/** An image of a data set, bytes [height, width, 1 or 3], as a picture that canvases take. */
export function pictureOfBytes(
  bytes: Uint8Array | Uint8ClampedArray,
  { height, width, channels }: Pick<PictureFormat, "height" | "width" | "channels">,
): ImageData {
  const picture = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let color = 0; color < 3; color++) {
      picture.data[4 * pixel + color] = bytes[channels * pixel + (channels === 3 ? color : 0)] ?? 0;
    }
    picture.data[4 * pixel + 3] = 255;
  }
  return picture;
}
