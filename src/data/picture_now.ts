/** Takes the pixels of a picture as it is at this moment. What is made of them, and what was wrong where there are none, may be fetched later. */

import { tagOf } from "../core/facts.ts";
import type { Pixels } from "./picture.ts";
import { isBytes } from "./values.ts";

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels as `ImageData` holds them; canvases of npm packages make plain objects. */
export function isImageData(image: unknown): image is ImageData {
  if (typeof image !== "object" || image === null || !("data" in image && "width" in image && "height" in image))
    return false;
  return ArrayBuffer.isView(image.data);
}

/** What a page decodes, paints or plays, by the name of its class, which is that of other windows' too. */
export function isDrawable(image: unknown): image is CanvasImageSource {
  return /^(ImageBitmap|VideoFrame|OffscreenCanvas|HTML(Image|Video|Canvas)Element)$/.test(tagOf(image));
}

/** How large a picture is; 0 × 0 for a video without a frame. */
export function ownSize(image: CanvasImageSource): Size {
  if ("naturalWidth" in image) return { width: image.naturalWidth, height: image.naturalHeight };
  if ("videoWidth" in image) {
    return image.readyState < 2 ? { width: 0, height: 0 } : { width: image.videoWidth, height: image.videoHeight };
  }
  return "displayWidth" in image ? { width: image.displayWidth, height: image.displayHeight } : (image as Size);
}

/** A size of the same proportions whose longer side is at most `most`. */
export function atMost({ width, height }: Size, most: number): Size {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The pixels of a source, drawn at a size. Throws what the browser throws, `TypeError` where it has no 2-D canvas. */
export function drawn(source: CanvasImageSource, { width, height }: Size): Pixels {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new TypeError("no 2-D canvas");
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/**
 * What `readPicture` reads of a picture, taken now: the page may draw something else before that is fetched. What has no pixels is
 * given back as it is, for `readPicture` to say why.
 */
export function pictureNow(image: unknown, most: number): unknown {
  try {
    if (isImageData(image)) {
      const { width, height, data } = image;
      return isBytes(data) ? { width, height, data: data.slice() } : image;
    }
    const size = isDrawable(image) && (!("complete" in image) || image.complete) && ownSize(image);
    return size && size.width * size.height > 0 ? drawn(image as CanvasImageSource, atMost(size, most)) : image;
  } catch {
    return image;
  }
}
