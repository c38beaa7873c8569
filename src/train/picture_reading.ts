import type { Shape } from "../core/shape.ts";
import { checkPictureOptions, type PictureOptions, pictureValues } from "../data/picture.ts";
import { readPicture } from "../data/read_picture.ts";
import { resized } from "../data/resize.ts";

export { checkPictureOptions };

/** A picture, stretched to [height, width, channels], as the values that a model sees. `most`: its longer side is made no larger first. */
export function valuesOfPicture(
  { image, shape, most }: { readonly image: unknown; readonly shape: Shape; readonly most: number },
  options: PictureOptions,
): Float32Array {
  const [height = 0, width = 0, channels] = shape;
  const pixels = resized(readPicture("predict", image, most), width, height);
  return pictureValues(pixels, channels === 3 ? 3 : 1, checkPictureOptions("createClassifier", options));
}
