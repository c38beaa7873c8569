import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { checkFinite, checkNotRgba } from "../data/image_values.ts";
import type { ImageBatch } from "../data/values.ts";
import { readImages } from "../data/values.ts";
import type { Model } from "../nn/model.ts";

/**
 * The values of one image, as they are at this moment. Throws `ShapeError` unless it is one image, `ArgumentError` for what
 * holds no finite numbers and for a class (`target`) that the model does not have. `what` asks for it.
 */
export function readOneImage(
  what: string,
  { inputShape, classes }: Model,
  image: ImageBatch,
  target: number | undefined,
): Float32Array {
  const values = readImages(`${what}: the image`, image);
  checkNotRgba(what, image, inputShape);
  if (values.length !== sizeOf(inputShape)) {
    throw new ShapeError(
      `${what}: wants one image ${formatShape(inputShape)}, ${sizeOf(inputShape)} values; got ${values.length}.`,
    );
  }
  checkFinite(what, values, inputShape);
  if (target !== undefined && (!Number.isInteger(target) || target < 0 || target >= classes)) {
    throw new ArgumentError(`${what}: target must be a class from 0 to ${classes - 1}, got ${describeValue(target)}.`);
  }
  return values;
}
