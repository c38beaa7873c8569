/** Tells what is drawn from what it is drawn on, by the edge of a picture. */
import { median } from "../core/median.ts";

/** Values along the four edges. */
function borderOf(values: ArrayLike<number>, width: number, height: number): Float32Array {
  const border: number[] = [];
  for (let column = 0; column < width; column++) {
    border.push(values[column] ?? 0, values[(height - 1) * width + column] ?? 0);
  }
  for (let row = 0; row < height; row++) {
    border.push(values[row * width] ?? 0, values[row * width + width - 1] ?? 0);
  }
  return Float32Array.from(border);
}

/** What is most along the edges of a picture, and how far the values there typically are from it. */
export function groundOf(
  values: ArrayLike<number>,
  width: number,
  height: number,
): { ground: number; deviation: number } {
  const border = borderOf(values, width, height);
  const ground = median(border);
  return { ground, deviation: median(border.map((value) => Math.abs(value - ground))) };
}

/** The least and the largest value. */
export function rangeOf(values: ArrayLike<number>): { darkest: number; lightest: number } {
  let lightest = Number.NEGATIVE_INFINITY;
  let darkest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (value > lightest) lightest = value;
    if (value < darkest) darkest = value;
  }
  return { darkest, lightest };
}

/** Whether what stands out from the ground is darker than it. */
export function isDarkOnLight(values: ArrayLike<number>, width: number, height: number): boolean {
  const { ground } = groundOf(values, width, height);
  const { darkest, lightest } = rangeOf(values);
  return ground - darkest > lightest - ground;
}
