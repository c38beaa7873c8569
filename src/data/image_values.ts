/** What is wrong with numbers that a page gives as images for a model to look at. */
import { ArgumentError } from "../core/errors.ts";
import { tagOf } from "../core/facts.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { isBytes } from "./values.ts";

/**
 * Throws `ArgumentError` for what is as long as the pixels of one `ImageData` of a model's size, red, green, blue and alpha,
 * where nobody can tell them from four grey images. Arrays of pixels are `Uint8ClampedArray`.
 */
export function checkNotRgba(what: string, given: unknown, shape: Shape): void {
  const [height = 0, width = 0, channels] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) return;
  if (!isBytes(given) || tagOf(given) !== "Uint8ClampedArray" || given.length !== 4 * height * width) return;
  const grey = channels === 1 ? " or four grey images; give four images as a Uint8Array" : "";
  throw new ArgumentError(
    `${what}: a Uint8ClampedArray of 4 × ${height} × ${width} values may be the red, green, blue and alpha of a picture${grey}; ` +
      "give a picture's ImageData to createClassifier().predict.",
  );
}

/**
 * Throws `ArgumentError` where a value is NaN or infinite: devices do not agree on what a network makes of it. `images` of
 * `shape` lie one behind the other; the message names the image and the place in it.
 */
export function checkFinite(what: string, images: Float32Array, shape: Shape): void {
  for (let place = 0; place < images.length; place++) {
    if (Number.isFinite(images[place])) continue;
    const size = sizeOf(shape);
    const where = shape.length === 0 ? "" : ` at [${indicesOf(place % size, shape).join(", ")}]`;
    throw new ArgumentError(
      `${what}: image ${Math.floor(place / size)} holds ${images[place]}${where} of ${formatShape(shape)}; give finite ` +
        "numbers, within what a 32-bit float holds.",
    );
  }
}

function indicesOf(place: number, shape: Shape): number[] {
  let rest = place;
  const indices: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    indices.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return indices;
}
