/** Images as one picture, beside each other. */
import { type AnyCanvas, contextOf } from "./canvas_context.ts";
import { ArgumentError } from "./errors.ts";
import { fitCanvas, layOutMaps, type MapsLayout } from "./maps_picture.ts";
import { describeValue } from "./options.ts";

/** How images are laid out; all lengths in pixels of the canvas. */
export interface ImagesPictureOptions {
  /** Images in a row. Default: as many as make the picture about square. */
  readonly columns?: number | undefined;
  /** Width of an image; its height follows. Default: its own, a pixel a pixel. */
  readonly imageWidth?: number | undefined;
  /** Between images, where the picture is transparent. Default 1. */
  readonly gap?: number | undefined;
}

/** Where images [count, height, width, …] go. Throws `ArgumentError` for options that make no picture. */
export function layOutImages(
  where: string,
  [count = 1, height = 1, width = 1]: readonly number[],
  { columns, imageWidth, gap }: ImagesPictureOptions,
): MapsLayout {
  const check = (name: string, value: number | undefined, fits: (given: number) => boolean, words: string) => {
    if (value === undefined || (Number.isFinite(value) && fits(value))) return;
    throw new ArgumentError(`${where}: ${name} must be ${words}, got ${describeValue(value)}.`);
  };
  check("columns", columns, (value) => Number.isInteger(value) && value > 0, "a whole number of images above 0");
  check("imageWidth", imageWidth, (value) => value > 0, "a number of pixels above 0");
  check("gap", gap, (value) => value >= 0, "a number of pixels, 0 or more");
  return layOutMaps([height, width, count], { columns, mapWidth: imageWidth, gap });
}

/**
 * The picture as bytes, red, green, blue and opacity a pixel, of values of which `low` is black and `high` white. Three channels
 * and more are red, green and blue; fewer, grey.
 */
export function pictureOfImages(
  layout: MapsLayout,
  values: ArrayLike<number>,
  { channels, low, high }: { channels: number; low: number; high: number },
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, rows, columns, count, perRow, mapWidth, mapHeight, gap } = layout;
  const bytes = new Uint8ClampedArray(4 * width * height);
  const byte = (index: number) => (255 * ((values[index] ?? 0) - low)) / (high - low);
  for (let y = 0; y < height; y++) {
    const imageRow = Math.floor((y + 0.5) / (mapHeight + gap));
    const inRow = y + 0.5 - imageRow * (mapHeight + gap);
    for (let x = 0; x < width; x++) {
      const imageColumn = Math.floor((x + 0.5) / (mapWidth + gap));
      const inColumn = x + 0.5 - imageColumn * (mapWidth + gap);
      const image = imageRow * perRow + imageColumn;
      if (inRow >= mapHeight || inColumn >= mapWidth || imageColumn >= perRow || image >= count) continue;
      const row = Math.min(rows - 1, Math.floor((inRow / mapHeight) * rows));
      const column = Math.min(columns - 1, Math.floor((inColumn / mapWidth) * columns));
      const first = ((image * rows + row) * columns + column) * channels;
      const [green, blue] = channels >= 3 ? [first + 1, first + 2] : [first, first];
      bytes.set([byte(first), byte(green), byte(blue), 255], 4 * (y * width + x));
    }
  }
  return bytes;
}

/** Paints bytes of a picture into a canvas, which gets its size. Throws `ArgumentError` for a canvas of another context. */
export function paintPicture(
  where: string,
  canvas: AnyCanvas,
  layout: MapsLayout,
  bytes: Uint8ClampedArray<ArrayBuffer>,
): void {
  const context = contextOf(canvas, "2d");
  if (context === null) {
    throw new ArgumentError(
      `${where}: this canvas has a context of another kind already; pass one that nothing was drawn in.`,
    );
  }
  fitCanvas(canvas, layout);
  context.putImageData(new ImageData(bytes, layout.width, layout.height), 0, 0);
}
