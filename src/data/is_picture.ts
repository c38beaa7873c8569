import { tagOf } from "../core/facts.ts";

/** Classes of pictures. */
export const PICTURES =
  /^(ImageData|ImageBitmap|VideoFrame|OffscreenCanvas|HTML(Image|Video|Canvas)Element|SVGImageElement)$/;

/** Whether something shows a picture, by the name of its class: no canvas or document is needed to tell. */
export function isPicture(value: unknown): boolean {
  return (
    PICTURES.test(tagOf(value)) ||
    // Canvases of npm packages make plain objects.
    (typeof value === "object" &&
      value !== null &&
      "data" in value &&
      "width" in value &&
      "height" in value &&
      ArrayBuffer.isView(value.data))
  );
}
