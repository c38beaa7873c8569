/** A data set of pictures that a page has already: canvases, loaded images, video frames. */
import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { type Dataset, dataset } from "../dataset.ts";
import type { Pixels } from "../picture.ts";
import { readPicture } from "../read_picture.ts";
import { imageBytes, seenPart } from "./fit.ts";
import { checkedFormat, type ImageFolderOptions, type PictureFormat } from "./types.ts";

/** What `pictureDataset` takes. */
export interface PictureDatasetOptions
  extends Pick<ImageFolderOptions, "size" | "channels" | "fit" | "background" | "classNames"> {
  /** Pictures of any size, as they are at this moment. Files go to `imageFolder`. */
  images: Iterable<
    | ImageData
    | ImageBitmap
    | VideoFrame
    | HTMLCanvasElement
    | OffscreenCanvas
    | HTMLImageElement
    | HTMLVideoElement
    | Pixels
  >;
  /** A class index for each picture. */
  labels: ArrayLike<number>;
  /** Classes that labels may name; default as many as `classNames`, else the largest label plus one. */
  classes?: number;
}

const OPTIONS: OptionKinds<PictureDatasetOptions> = {
  ...{ images: "any", labels: "any", classes: "number", size: "any", channels: "number", fit: "string" },
  ...{ background: "any", classNames: "any" },
};

/** Of larger pictures a side of so many pixels is read. */
const MOST_SIDE = 4096;

/**
 * A data set of pictures that the page has: `ImageData`, canvases, `ImageBitmap`s, loaded images, videos and `VideoFrame`s, each
 * cut and resized as `imageFolder` does it, to bytes [size, size, channels]. They are read before the call returns, and may be closed
 * after it. Throws `ArgumentError` for what is no picture, or has no pixels, with its number; `dataset` says what it throws of labels.
 *
 *     const data = pictureDataset({ images: canvases, labels: [0, 1, 1], size: [64, 64], classNames: ["cats", "dogs"] });
 */
export function pictureDataset(options: PictureDatasetOptions): Dataset {
  checkOptions("pictureDataset", options, OPTIONS);
  const format = checkedFormat("pictureDataset", options);
  const { images: given, labels, classes, classNames } = options;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
    throw new ArgumentError(`pictureDataset: images must be a list of pictures, got ${describeValue(given)}.`);
  }
  const { height, width, channels } = format;
  const images = [...given].map((picture, index) => {
    return bytesOf(readPicture(`pictureDataset: image ${index}`, picture, MOST_SIDE), format);
  });
  return dataset({
    ...{ images, labels, shape: [height, width, channels] },
    ...(classes === undefined ? {} : { classes }),
    ...(classNames ? { classNames } : {}),
  });
}

/** The seen part of a picture as an image. */
function bytesOf(pixels: Pixels, format: PictureFormat): Uint8Array {
  const { left, top, width, height } = seenPart(pixels.width, pixels.height, format);
  const data = new Uint8Array(4 * width * height);
  for (let row = 0; row < height; row++) {
    const start = 4 * ((top + row) * pixels.width + left);
    data.set(pixels.data.subarray(start, start + 4 * width), 4 * row * width);
  }
  return imageBytes({ width, height, data }, format);
}
