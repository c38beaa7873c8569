/** Reads the pixels of what a page shows pictures with, and says what is missing where there are none to read. */

import { ArgumentError } from "../core/errors.ts";
import { tagOf } from "../core/facts.ts";
import { describeValue } from "../core/options.ts";
import { insteadOf } from "./instead.ts";
import type { Pixels } from "./picture.ts";
import { atMost, drawn, isDrawable, isImageData, ownSize } from "./picture_now.ts";
import { resized } from "./resize.ts";
import { isBytes, refused } from "./values.ts";

/** Throws `ArgumentError` where a picture has no pixels yet, or no longer, with what to wait for. */
function checkHasPixels(what: string, image: CanvasImageSource): void {
  const fail = (instead: string) => refused(what, image, instead);
  if ("naturalWidth" in image && !image.complete) throw fail("it has not loaded yet: await image.decode() first");
  const { width, height } = ownSize(image);
  if (width > 0 && height > 0) return;
  if ("naturalWidth" in image) {
    throw fail("it has no pixels: its file is missing or broken, or it has no src; await image.decode() tells");
  }
  if ("videoWidth" in image) throw fail('it has no frame yet: wait for its event "loadeddata"');
  if ("displayWidth" in image) throw fail("it was closed: read it before close()");
  if (tagOf(image) === "ImageBitmap") throw fail("it was closed, or transferred to a worker; make another one");
  throw fail(`its size is ${width} × ${height}, so that it has no pixels`);
}

/** Throws `ArgumentError` where the pixels of a source cannot be had. */
function pixelsOf(what: string, source: CanvasImageSource, most: number): Pixels {
  checkHasPixels(what, source);
  if (typeof OffscreenCanvas === "undefined") {
    throw refused(what, source, "there is no 2-D canvas here to read it with; give its ImageData");
  }
  try {
    return drawn(source, atMost(ownSize(source), most));
  } catch (cause) {
    const instead =
      cause instanceof Error && cause.name === "SecurityError"
        ? 'it comes from another origin, whose pixels a page may not read: set crossOrigin = "anonymous" before its src, and ' +
          "let the other server allow it (CORS)"
        : `this browser cannot draw it (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new ArgumentError(`${what}: got ${describeValue(source)}; ${instead}.`, { cause });
  }
}

/**
 * The pixels of a picture as it is now; of one with a longer side than `most`, made smaller by about as much. Throws
 * `ArgumentError` for a picture without pixels (not loaded, closed, empty), for one that a page may not read, and for what is
 * no picture.
 */
export function readPicture(what: string, image: unknown, most: number): Pixels {
  if (isImageData(image)) {
    const { width, height, data } = image;
    if (!isBytes(data)) throw refused(what, image, "its pixels must be bytes, four each");
    if (data.length !== 4 * width * height || data.length === 0) {
      throw refused(
        what,
        image,
        `it holds ${data.length} bytes for ${width} × ${height} pixels of four each; was its buffer transferred?`,
      );
    }
    const size = atMost({ width, height }, most);
    return resized({ width, height, data }, size.width, size.height);
  }
  if (!isDrawable(image)) {
    throw refused(what, image, insteadOfPicture(image));
  }
  return pixelsOf(what, image, most);
}

function insteadOfPicture(image: unknown): string {
  if (tagOf(image) === "SVGImageElement") return "load its address into an Image, await image.decode(), and give that";
  const instead = insteadOf(image);
  return /Float32Array of values/.test(instead)
    ? "give ImageData, a canvas, an ImageBitmap or a loaded image"
    : instead;
}
