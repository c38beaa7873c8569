/** Where the window of a convolution slides to be watched. No page. */
import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import { type Values, windowAt } from "./maps.ts";

/** Milliseconds a place: to read each sum, to follow the window, to see the map grow. */
export const SPEEDS = { slow: 300, normal: 40, fast: 8 } as const;
export type Speed = keyof typeof SPEEDS;

/**
 * Places, row by row as the map has them, whose window has something under it: over blank paper every sum is the bias alone.
 * All places where there is nothing anywhere.
 */
export function placesWithInk(g: ConvGeometry, input: Values): readonly number[] {
  const all = Array.from({ length: g.outHeight * g.outWidth }, (_, place) => place);
  const inked = all.filter((place) => hasInk(g, input, place));
  return inked.length === 0 ? all : inked;
}

function hasInk(g: ConvGeometry, { shape, data }: Values, place: number): boolean {
  const [rows = 0, columns = 0, channels = 1] = shape;
  const start = windowAt(g, { row: Math.floor(place / g.outWidth), column: place % g.outWidth });
  for (let kernelRow = 0; kernelRow < g.kernelHeight; kernelRow++) {
    const row = start.row + kernelRow * g.dilationHeight;
    if (row < 0 || row >= rows) continue;
    for (let kernelColumn = 0; kernelColumn < g.kernelWidth; kernelColumn++) {
      const column = start.column + kernelColumn * g.dilationWidth;
      if (column < 0 || column >= columns) continue;
      const at = (row * columns + column) * channels;
      for (let channel = 0; channel < channels; channel++) if (data[at + channel] !== 0) return true;
    }
  }
  return false;
}
