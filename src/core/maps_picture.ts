/** A tensor of feature maps as one picture: the maps beside each other, each value a square of one colour. */
import { type AnyCanvas, contextOf } from "./canvas_context.ts";
import { ArgumentError, ShapeError } from "./errors.ts";
import { describeValue } from "./options.ts";
import { formatShape } from "./shape.ts";
import { largestMagnitude, signedColor } from "./signed_colors.ts";

/** How maps are laid out in a picture; all lengths in pixels of the canvas. */
export interface MapsPictureOptions {
  /** Maps in a row. Default: as many as make the picture about square. */
  readonly columns?: number | undefined;
  /** This map alone, 0 for the first; its colours still span the range of all maps. Default: all maps. */
  readonly channel?: number | undefined;
  /** Width of a map; its height follows. Default: as many as the map has columns, a pixel a value. */
  readonly mapWidth?: number | undefined;
  /** Between maps, where the picture is transparent. Default 1. */
  readonly gap?: number | undefined;
}

/** A picture's size and what lies where in it. */
export interface MapsLayout {
  readonly width: number;
  readonly height: number;
  /** Values of one map. */
  readonly rows: number;
  readonly columns: number;
  /** Maps of the tensor, the first of those shown, and how many are shown. */
  readonly channels: number;
  readonly first: number;
  readonly count: number;
  /** Maps in a row of the picture. */
  readonly perRow: number;
  /** Of one map, and between maps. */
  readonly mapWidth: number;
  readonly mapHeight: number;
  readonly gap: number;
}

/** More pixels than this on a side are no canvas everywhere. */
const MOST_PIXELS = 8192;

/** Rows, columns and number of the maps of a tensor without a batch axis. */
function mapsOf(shape: readonly number[]): [rows: number, columns: number, channels: number] {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  // Maps [rows, columns, channels]; kernels [rows, columns, in, out]; a dense kernel [in, out]; a row of neurons.
  if (shape.length === 3) return [a, b, c];
  if (shape.length === 4) return [a, b, c * d];
  if (shape.length === 2) return [a, b, 1];
  if (shape.length === 1) return [1, a, 1];
  throw new ShapeError(`draw: a tensor of shape ${formatShape(shape)} is no picture; wants 1 to 4 axes.`);
}

/**
 * Where the maps of a tensor go. `shape` is one image's [rows, columns, channels], a convolution's kernel [rows, columns,
 * in, out], a dense one [in, out], or a row. Throws `ShapeError` for other shapes and `ArgumentError` for options that
 * make no picture.
 */
export function layOutMaps(shape: readonly number[], options: MapsPictureOptions = {}): MapsLayout {
  const [rows, columns, channels] = mapsOf(shape);
  const { channel, mapWidth = columns, gap = 1 } = options;
  if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0 && channel < channels)) {
    throw new ArgumentError(`draw: channel must be a map from 0 to ${channels - 1}, got ${describeValue(channel)}.`);
  }
  if (!(Number.isFinite(mapWidth) && mapWidth > 0)) {
    throw new ArgumentError(`draw: mapWidth must be a number of pixels above 0, got ${describeValue(mapWidth)}.`);
  }
  if (!(Number.isFinite(gap) && gap >= 0)) {
    throw new ArgumentError(`draw: gap must be a number of pixels, 0 or more, got ${describeValue(gap)}.`);
  }
  const count = channel === undefined ? channels : 1;
  const mapHeight = (mapWidth * rows) / columns;
  const square = Math.ceil(Math.sqrt((count * (mapHeight + gap)) / (mapWidth + gap)));
  const perRow = options.columns ?? Math.min(count, square);
  if (!(Number.isInteger(perRow) && perRow > 0)) {
    throw new ArgumentError(`draw: columns must be a whole number of maps above 0, got ${describeValue(perRow)}.`);
  }
  const extent = (maps: number, size: number) => Math.max(1, Math.round(maps * size + (maps - 1) * gap));
  const [width, height] = [extent(perRow, mapWidth), extent(Math.ceil(count / perRow), mapHeight)];
  if (Math.max(width, height) > MOST_PIXELS) {
    throw new ArgumentError(
      `draw: ${count} maps of ${Math.round(mapWidth)} × ${Math.round(mapHeight)} pixels make a picture of ${width} × ${height}, more ` +
        `than ${MOST_PIXELS} on a side; draw fewer with "channel", or smaller ones with "mapWidth".`,
    );
  }
  return { width, height, rows, columns, channels, first: channel ?? 0, count, perRow, mapWidth, mapHeight, gap };
}

/**
 * The picture as bytes, red, green, blue and opacity a pixel: what shaders/draw_maps.wgsl draws. `values` are the tensor's,
 * channels last; colours are `signedColor`'s with the largest magnitude of all of them.
 */
export function pictureOfMaps(layout: MapsLayout, values: ArrayLike<number>): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, rows, columns, channels, first, count, perRow, mapWidth, mapHeight, gap } = layout;
  const most = largestMagnitude(values);
  const bytes = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const mapRow = Math.floor((y + 0.5) / (mapHeight + gap));
    const inRow = y + 0.5 - mapRow * (mapHeight + gap);
    for (let x = 0; x < width; x++) {
      const mapColumn = Math.floor((x + 0.5) / (mapWidth + gap));
      const inColumn = x + 0.5 - mapColumn * (mapWidth + gap);
      const map = mapRow * perRow + mapColumn;
      if (inRow >= mapHeight || inColumn >= mapWidth || mapColumn >= perRow || map >= count) continue;
      const row = Math.min(rows - 1, Math.floor((inRow / mapHeight) * rows));
      const column = Math.min(columns - 1, Math.floor((inColumn / mapWidth) * columns));
      const value = values[(row * columns + column) * channels + first + map] ?? 0;
      bytes.set([...signedColor(value, most), 255], 4 * (y * width + x));
    }
  }
  return bytes;
}

/** A canvas of the page, or one without a page, as a worker has. */
export type MapsCanvas = AnyCanvas;

/** Paints the picture into a canvas by its 2-D context. Throws `ArgumentError` for a canvas that has another context. */
export function paintMaps(canvas: MapsCanvas, layout: MapsLayout, values: ArrayLike<number>): void {
  const context = contextOf(canvas, "2d");
  if (context === null) {
    throw new ArgumentError(
      "draw: this canvas has a context of another kind already; pass one that nothing was drawn in.",
    );
  }
  fitCanvas(canvas, layout);
  context.putImageData(new ImageData(pictureOfMaps(layout, values), layout.width, layout.height), 0, 0);
}

/** Gives a canvas the picture's size; setting a size clears it, so only where it differs. */
export function fitCanvas(canvas: MapsCanvas, { width, height }: MapsLayout): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
