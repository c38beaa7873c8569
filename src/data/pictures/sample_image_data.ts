import { ArgumentError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { readRows } from "../data_source.ts";
import type { Dataset } from "../dataset.ts";
import { isPictureShape } from "./near_duplicates.ts";
import { pictureOfBytes } from "./picture_of_bytes.ts";

/**
 * One image of a data set of pictures as `ImageData`, for a canvas, wherever it lies: in memory, in the browser's file system,
 * or read by `dataSource`. Of floats 0 becomes black and 1 full colour.
 *
 *     context.putImageData(await sampleImageData(pets, 7), 0, 0);
 *
 * Throws `ArgumentError` where there is no such image, or images are not [height, width, 1 or 3], and `DataSourceError` where it
 * cannot be read.
 */
export async function sampleImageData(dataset: Dataset, index: number): Promise<ImageData> {
  const { shape, count } = dataset;
  if (!isPictureShape(shape)) {
    throw new ArgumentError(
      `sampleImageData: images of ${formatShape(shape)} are no pictures; wants [height, width, 1] or [height, width, 3].`,
    );
  }
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new ArgumentError(`sampleImageData: there is no image ${index} in a data set of ${count}.`);
  }
  const [height = 1, width = 1, channels] = shape;
  const { images } = await readRows(dataset, [index]);
  // Rounds, and keeps to 0 … 255.
  const bytes = images instanceof Uint8Array ? images : Uint8ClampedArray.from(images, (value) => 255 * value);
  return pictureOfBytes(bytes, { height, width, channels: channels === 3 ? 3 : 1 });
}
