/** Reads the pixels of what a page shows pictures with, and says what is missing where there are none to read. */

import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { tagOf } from "./describe.ts";
import type { Pixels } from "./picture.ts";
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

function newContext(what: string, { width, height }: Size, instead: string): OffscreenCanvasRenderingContext2D {
  const context =
    typeof OffscreenCanvas === "undefined"
      ? null
      : new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null)
    throw new ArgumentError(`${what}: there is no 2-D canvas here to read the picture with; ${instead}.`);
  return context;
}

/** The pixels of a source, drawn at a size. */
function drawn(what: string, source: CanvasImageSource, size: Size): Pixels {
  const context = newContext(what, size, "give its ImageData");
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

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/**
 * The pixels of a picture as it is now, stretched to the size that `sizeFor` gives for its own. Throws `ArgumentError` for a
 * picture without pixels (not loaded, closed, empty), for one that a page may not read, and for what is no picture.
 */
export function readPicture(what: string, image: unknown, sizeFor: (own: Size) => Size): Pixels {
  if (isImageData(image)) {
    const { width, height, data } = image;
    const wanted = sizeFor({ width, height });
    const own = isBytes(data) ? { width, height, data } : undefined;
    if (data.length !== 4 * width * height || data.length === 0) {
      throw refused(
        what,
        image,
        `it holds ${data.length} values for ${width} × ${height} pixels; was its buffer transferred?`,
      );
    }
    if (own && sameSize(wanted, own)) return own;
    if (tagOf(image) !== "ImageData") {
      throw refused(what, image, `give it at ${wanted.width} × ${wanted.height} pixels, as bytes`);
    }
    const context = newContext(what, { width, height }, `give it at ${wanted.width} × ${wanted.height} pixels`);
    context.putImageData(image, 0, 0);
    return drawn(what, context.canvas, wanted);
  }
  if (!isDrawable(image)) {
    throw refused(what, image, "load its address into an Image, await image.decode(), and give that");
  }
  return drawn(what, image, sizeFor(ownSize(what, image)));
}
