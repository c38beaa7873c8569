/** Reads the pixels of what a page shows pictures with, and says what is missing where there are none to read. */

import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { insteadOf, tagOf } from "./describe.ts";
import type { Pixels } from "./picture.ts";
import { resized } from "./resize.ts";
import { isBytes, refused } from "./values.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels as `ImageData` holds them; canvases of npm packages make plain objects. */
function isImageData(image: unknown): image is ImageData {
  if (typeof image !== "object" || image === null || !("data" in image && "width" in image && "height" in image))
    return false;
  return ArrayBuffer.isView(image.data);
}

/** What a page decodes, paints or plays, by the name of its class, which is that of other windows' too. */
function isDrawable(image: unknown): image is CanvasImageSource {
  return /^(ImageBitmap|VideoFrame|OffscreenCanvas|HTML(Image|Video|Canvas)Element)$/.test(tagOf(image));
}

/** How large a picture is. Throws `ArgumentError` where it has no pixels yet, or no longer, with what to wait for. */
function ownSize(what: string, image: CanvasImageSource): Size {
  const fail = (instead: string) => refused(what, image, instead);
  const tag = tagOf(image);
  if ("naturalWidth" in image) {
    if (!image.complete) throw fail("it has not loaded yet: await image.decode() first");
    if (image.naturalWidth === 0 || image.naturalHeight === 0) {
      throw fail("it has no pixels: its file is missing or broken, or it has no src; await image.decode() tells");
    }
    return { width: image.naturalWidth, height: image.naturalHeight };
  }
  if ("videoWidth" in image) {
    if (image.readyState < 2 || image.videoWidth === 0) {
      throw fail('it has no frame yet: wait for its event "loadeddata"');
    }
    return { width: image.videoWidth, height: image.videoHeight };
  }
  if ("displayWidth" in image) {
    if (image.displayWidth === 0) throw fail("it was closed: read it before close()");
    return { width: image.displayWidth, height: image.displayHeight };
  }
  const { width, height } = image as Size;
  if (width > 0 && height > 0) return { width, height };
  if (tag === "ImageBitmap") throw fail("it was closed, or transferred to a worker; make another one");
  throw fail(`its size is ${width} × ${height}, so that it has no pixels`);
}

/** A size of the same proportions whose longer side is at most `most`. */
function atMost({ width, height }: Size, most: number): Size {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The pixels of a source, drawn at a size. */
function drawn(what: string, source: CanvasImageSource, size: Size): Pixels {
  const context =
    typeof OffscreenCanvas === "undefined"
      ? null
      : new OffscreenCanvas(size.width, size.height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw refused(what, source, "there is no 2-D canvas here to read it with; give its ImageData");
  try {
    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, size.width, size.height);
    return context.getImageData(0, 0, size.width, size.height);
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
  return drawn(what, image, atMost(ownSize(what, image), most));
}

function insteadOfPicture(image: unknown): string {
  if (tagOf(image) === "SVGImageElement") return "load its address into an Image, await image.decode(), and give that";
  const instead = insteadOf(image);
  return /Float32Array of values/.test(instead)
    ? "give ImageData, a canvas, an ImageBitmap or a loaded image"
    : instead;
}
