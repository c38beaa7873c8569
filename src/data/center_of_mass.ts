/** Height and width of MNIST's images. */
export const DIGIT_SIZE = 28;
/** The longer side of the ink inside it. */
export const INK_SIZE = 20;
/** The pixel on which MNIST puts the centre of mass: 14.0 ± 0.3 on its 10,000 test images, never off by more than 0.5. */
const CENTER = 14;

/** Ink on a grid, row by row. */
export interface InkGrid {
  readonly width: number;
  readonly height: number;
  readonly ink: Float32Array;
}

/** Mean index of columns and rows, weighted by ink; `undefined` without ink. */
export function centerOfMass({ width, height, ink }: InkGrid): { x: number; y: number; total: number } | undefined {
  let total = 0;
  let x = 0;
  let y = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = ink[row * width + column] ?? 0;
      total += value;
      x += value * column;
      y += value * row;
    }
  }
  return total > 0 ? { x: x / total, y: y / total, total } : undefined;
}

/**
 * By how many whole pixels a side of `size` pixels moves so that its centre of mass comes to lie on pixel 14, as
 * far as it then still fits into the image: ink is never cut off.
 */
function wholeShift(center: number, size: number): number {
  // Symmetric drawings often lie exactly between two pixels; the small number makes rounding errors all fall alike.
  const shift = Math.floor(CENTER - center + 0.5 + 1e-6);
  return Math.min(Math.max(shift, 0), DIGIT_SIZE - size);
}

/** A grid of at most 28×28 moved by whole pixels into a 28×28 image, with its centre of mass on pixel 14. */
export function placeByMass(
  grid: InkGrid,
): { image: Float32Array; left: number; top: number; total: number } | undefined {
  const center = centerOfMass(grid);
  if (center === undefined) return undefined;
  const left = wholeShift(center.x, grid.width);
  const top = wholeShift(center.y, grid.height);
  const image = new Float32Array(DIGIT_SIZE * DIGIT_SIZE);
  for (let row = 0; row < grid.height; row++) {
    const line = grid.ink.subarray(row * grid.width, (row + 1) * grid.width);
    image.set(line, (row + top) * DIGIT_SIZE + left);
  }
  return { image, left, top, total: center.total };
}
