/** From a decoded picture to the bytes of an image of the data set: the same arithmetic in pages, workers and Node. */
import { luma, type Pixels, pictureValues } from "../picture.ts";
import { resized } from "../resize.ts";
import type { PictureFormat } from "./types.ts";

/** A rectangle of pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What of a picture is seen in an image: all of it, but for "cover", which cuts off what hangs over. */
export function seenPart(width: number, height: number, format: PictureFormat): Rectangle {
  if (format.fit !== "cover") return { left: 0, top: 0, width, height };
  const scale = Math.min(width / format.width, height / format.height);
  const [seenWidth, seenHeight] = [atLeastOne(format.width * scale), atLeastOne(format.height * scale)];
  return {
    left: Math.floor((width - seenWidth) / 2),
    top: Math.floor((height - seenHeight) / 2),
    ...{ width: seenWidth, height: seenHeight },
  };
}

const atLeastOne = (side: number) => Math.max(1, Math.round(side));

/** Where the seen part of a picture stands in the image: everywhere, but for "contain". */
function place({ width, height }: Pixels, format: PictureFormat): Rectangle {
  if (format.fit !== "contain") return { left: 0, top: 0, width: format.width, height: format.height };
  const scale = Math.min(format.width / width, format.height / height);
  const [placedWidth, placedHeight] = [atLeastOne(width * scale), atLeastOne(height * scale)];
  return {
    left: Math.floor((format.width - placedWidth) / 2),
    top: Math.floor((format.height - placedHeight) / 2),
    ...{ width: placedWidth, height: placedHeight },
  };
}

/** Bytes [height, width, channels] of an image, of the seen part of a picture. */
export function imageBytes(seen: Pixels, format: PictureFormat): Uint8Array {
  const { left, top, width, height } = place(seen, format);
  const { channels, background } = format;
  const values = pictureValues(resized(seen, width, height), channels, { background, invert: false });
  const bars = background === "auto" ? [0, 0, 0] : background;
  const bytes = new Uint8Array(format.height * format.width * channels);
  if (width < format.width || height < format.height) fill(bytes, bars, channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * format.width + left) * channels;
    for (let place = 0; place < width * channels; place++) {
      bytes[start + place] = Math.round(255 * (values[row * width * channels + place] ?? 0));
    }
  }
  return bytes;
}

function fill(bytes: Uint8Array, color: readonly number[], channels: 1 | 3): void {
  const [red = 0, green = 0, blue = 0] = color;
  const values = channels === 3 ? [red, green, blue] : [Math.round(luma(red, green, blue))];
  for (let at = 0; at < bytes.length; at++) bytes[at] = values[at % channels] ?? 0;
}
