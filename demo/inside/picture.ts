/** Pictures from elsewhere as grey values. */
import type { FeatureMap } from "./maps.ts";

/** A picture's luma (Rec. 709), 0…1, scaled down so that its longest side has `most` pixels at most. */
export function greyPicture(source: CanvasImageSource, width: number, height: number, most: number): FeatureMap {
  const scale = Math.min(1, most / Math.max(width, height));
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
  context?.drawImage(source, 0, 0, columns, rows);
  const pixels = context?.getImageData(0, 0, columns, rows).data ?? new Uint8ClampedArray();
  const values = Float32Array.from({ length: rows * columns }, (_, index) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * index, 4 * index + 3);
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  });
  return { rows, columns, values };
}
