import { ArgumentError, ShapeError } from "../core/errors.ts";
import { INK_SIZE, type InkGrid, placeByMass } from "./center_of_mass.ts";

/** How a picture of a digit is read. */
export interface DigitImageOptions {
  /**
   * Whether the digit is dark on a light ground. "auto", the default, looks at the edge of the picture: what is there
   * most is the ground.
   */
  invert?: boolean | "auto";
}

/** Differences below this share of the contrast are not ink, however quiet the ground is. */
const LEAST_INK = 0.002;
/** How many typical deviations of the ground a pixel must stand out by. */
const NOISE_FACTOR = 8;

function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Pixels along the four edges. */
function borderOf(pixels: ArrayLike<number>, width: number, height: number): Float32Array {
  const border: number[] = [];
  for (let column = 0; column < width; column++) {
    border.push(pixels[column] ?? 0, pixels[(height - 1) * width + column] ?? 0);
  }
  for (let row = 0; row < height; row++) {
    border.push(pixels[row * width] ?? 0, pixels[row * width + width - 1] ?? 0);
  }
  return Float32Array.from(border);
}

/** Ink from 0 to 1 above the ground, with the ground's own noise set to 0. */
function separateInk(pixels: ArrayLike<number>, width: number, height: number, invert: boolean | "auto"): InkGrid {
  const border = borderOf(pixels, width, height);
  const ground = median(border);
  const deviation = median(border.map((value) => Math.abs(value - ground)));
  let lightest = Number.NEGATIVE_INFINITY;
  let darkest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < width * height; index++) {
    const value = pixels[index] ?? 0;
    if (value > lightest) lightest = value;
    if (value < darkest) darkest = value;
  }
  const isDark = invert === "auto" ? ground - darkest > lightest - ground : invert;
  const contrast = isDark ? ground - darkest : lightest - ground;
  const ink = new Float32Array(width * height);
  if (!(contrast > 0)) return { width, height, ink };
  const threshold = Math.max(LEAST_INK, (NOISE_FACTOR * deviation) / contrast);
  for (let index = 0; index < ink.length; index++) {
    const value = pixels[index] ?? 0;
    const strength = (isDark ? ground - value : value - ground) / contrast;
    if (strength > threshold) ink[index] = strength;
  }
  return { width, height, ink };
}

/** Strongest ink of each line: of columns (`byColumn`), or of rows. */
function profileOf({ width, height, ink }: InkGrid, byColumn: boolean): Float32Array {
  const profile = new Float32Array(byColumn ? width : height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const line = byColumn ? column : row;
      profile[line] = Math.max(profile[line] ?? 0, ink[row * width + column] ?? 0);
    }
  }
  return profile;
}

/** The profile at a position between lines (line i lies at i + 0.5), linear in between, 0 outside. */
function profileAt(profile: Float32Array, position: number): number {
  const line = Math.floor(position - 0.5);
  const share = position - 0.5 - line;
  return (1 - share) * (profile[line] ?? 0) + share * (profile[line + 1] ?? 0);
}

/**
 * Where ink begins in a profile. Faint grey at the edge of a picture is either ink (MNIST's own grey edges) or blur
 * from enlarging. What tells them apart is their width in pixels of the result, of which each has `unit` lines: the
 * edge is where the profile reaches half of what it is half a pixel further in. That holds exactly for pixels
 * enlarged as squares, for those enlarged by linear interpolation, and for sharp or slightly blurred lines.
 */
function inkStart(profile: Float32Array, unit: number): number {
  for (let line = 0; line < profile.length; line++) {
    const here = profileAt(profile, line);
    if (here > 0 && here >= 0.5 * profileAt(profile, line + unit / 2)) return line;
  }
  return profile.length;
}

/** First line with ink, and the one after the last. */
function inkRange(profile: Float32Array, unit: number): [number, number] {
  return [inkStart(profile, unit), profile.length - inkStart(profile.slice().reverse(), unit)];
}

/** The part of a grid that holds ink, or `undefined` where there is none. */
function cropToInk(grid: InkGrid): InkGrid | undefined {
  const columns = profileOf(grid, true);
  const rows = profileOf(grid, false);
  // The blur's width depends on the scale and the scale on where the blur ends: start without blur, and repeat.
  let unit = 0;
  let [left, right, top, bottom] = [0, 0, 0, 0];
  for (let round = 0; round < 4; round++) {
    [left, right] = inkRange(columns, unit);
    [top, bottom] = inkRange(rows, unit);
    if (right <= left || bottom <= top) return undefined;
    unit = Math.max(right - left, bottom - top) / INK_SIZE;
  }
  const width = right - left;
  const ink = new Float32Array(width * (bottom - top));
  for (let row = top; row < bottom; row++) {
    ink.set(grid.ink.subarray(row * grid.width + left, row * grid.width + right), (row - top) * width);
  }
  return { width, height: bottom - top, ink };
}

/** Averages areas along the rows: output column `i` covers the input from i / scale to (i + 1) / scale. */
function averageAlongRows(grid: InkGrid, scale: number): InkGrid {
  const width = Math.max(1, Math.ceil(grid.width * scale - 1e-6));
  const ink = new Float32Array(width * grid.height);
  for (let column = 0; column < grid.width; column++) {
    const begin = column * scale;
    const end = (column + 1) * scale;
    for (let target = Math.floor(begin + 1e-9); target < Math.min(width, Math.ceil(end - 1e-9)); target++) {
      const share = Math.min(end, target + 1) - Math.max(begin, target);
      for (let row = 0; row < grid.height; row++) {
        const index = row * width + target;
        ink[index] = (ink[index] ?? 0) + share * (grid.ink[row * grid.width + column] ?? 0);
      }
    }
  }
  return { width, height: grid.height, ink };
}

function transposed({ width, height, ink }: InkGrid): InkGrid {
  const turned = new Float32Array(ink.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) turned[column * height + row] = ink[row * width + column] ?? 0;
  }
  return { width: height, height: width, ink: turned };
}

/**
 * A picture of one digit (a photo, a pasted image, a rendered glyph), made into what MNIST holds: 784 values from 0
 * (paper) to 1 (ink). The ink is cropped, brought to 20 pixels by averaging areas, and moved by whole pixels until its
 * centre of mass lies on pixel 14. `undefined` when nothing stands out from the ground.
 *
 * `pixels`: grey values row by row, bytes or floats in any range; the ground becomes 0, the strongest ink 1. An even
 * ground is assumed, with some noise: shadows have to be evened out before.
 *
 * Throws `ArgumentError` for sizes that are no whole numbers, `ShapeError` when the pixels are not as many.
 */
export function normalizeDigitImage(
  pixels: Float32Array | Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  options: DigitImageOptions = {},
): Float32Array | undefined {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ArgumentError(
      `normalizeDigitImage: width and height must be whole numbers of pixels, got ${width} × ${height}.`,
    );
  }
  if (pixels.length !== width * height) {
    throw new ShapeError(
      `normalizeDigitImage: ${width} × ${height} grey pixels are ${width * height} values, the array has ${pixels.length}; convert colours to grey first.`,
    );
  }
  const cropped = cropToInk(separateInk(pixels, width, height, options.invert ?? "auto"));
  if (cropped === undefined) return undefined;
  const scale = INK_SIZE / Math.max(cropped.width, cropped.height);
  const small = transposed(averageAlongRows(transposed(averageAlongRows(cropped, scale)), scale));
  return placeByMass(small)?.image;
}
