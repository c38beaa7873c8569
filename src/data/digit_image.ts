import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { INK_SIZE, type InkGrid, placeByMass } from "./center_of_mass.ts";
import { groundOf, rangeOf } from "./ground.ts";
import { type Background, checkPictureOptions, pictureValues } from "./picture.ts";
import { readPicture } from "./read_picture.ts";
import { bytesOrFloats, type ImageBatch } from "./values.ts";

/** How a picture of a digit is read. */
export interface DigitImageOptions {
  /**
   * Whether the digit is dark on a light ground. "auto", the default, looks at the edge of the picture: what is there
   * most is the ground.
   */
  invert?: boolean | "auto";
  /** Behind pixels that are not opaque: as in `createClassifier`, by default black, or white behind dark ink. */
  background?: "auto" | Background;
}

/** Something with pixels in colour, as `createClassifier` takes it too. */
export type DigitPicture = ImageData | Exclude<CanvasImageSource, SVGImageElement>;

/** Larger pictures are read at this many pixels along the longer side: the digit becomes 20. */
const MOST_SIDE = 560;

/** Differences below this share of the contrast are not ink, however quiet the ground is. */
const LEAST_INK = 0.002;
/** How many typical deviations of the ground a pixel must stand out by. */
const NOISE_FACTOR = 8;

/** Ink from 0 to 1 above the ground, with the ground's own noise set to 0. */
function separateInk(pixels: ArrayLike<number>, width: number, height: number, invert: boolean | "auto"): InkGrid {
  const { ground, deviation } = groundOf(pixels, width, height);
  const { darkest, lightest } = rangeOf(pixels);
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

/** The grey of a picture over its background, at its own size or smaller. */
function greyOf(picture: unknown, options: DigitImageOptions): { grey: Float32Array; width: number; height: number } {
  const checked = checkPictureOptions("normalizeDigitImage", options);
  const pixels = readPicture("normalizeDigitImage", picture, MOST_SIDE);
  const { width, height } = pixels;
  return { grey: pictureValues(pixels, 1, { ...checked, invert: false }), width, height };
}

/** Grey pixels, as many as the sides say. */
function checkedPixels(given: unknown, width: number, height: number): Float32Array | Uint8Array {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ArgumentError(
      `normalizeDigitImage: width and height must be whole numbers of pixels, got ${width} × ${height}.`,
    );
  }
  const pixels = bytesOrFloats("normalizeDigitImage: pixels", given);
  if (pixels.length === width * height) return pixels;
  throw new ShapeError(
    `normalizeDigitImage: ${width} × ${height} grey pixels are ${width * height} values, the array has ${pixels.length}; ` +
      "of a picture in colours give the ImageData, or convert them to grey first.",
  );
}

/**
 * A picture of one digit (a photo, a pasted image, a rendered glyph), made into what MNIST holds: 784 values from 0
 * (paper) to 1 (ink). The ink is cropped, brought to 20 pixels by averaging areas, and moved by whole pixels until its
 * centre of mass lies on pixel 14. `undefined` when nothing stands out from the ground.
 *
 * `picture`: `ImageData`, a canvas, an `ImageBitmap`, a loaded image …, composited over `background`; or `pixels`: grey values
 * row by row, bytes or other numbers in any range. The ground becomes 0, the strongest ink 1. An even ground is assumed,
 * with some noise: shadows have to be evened out before.
 *
 * Throws `ArgumentError` for a picture without pixels and for sizes that are no whole numbers, `ShapeError` when the pixels
 * are not as many.
 */
export function normalizeDigitImage(picture: DigitPicture, options?: DigitImageOptions): Float32Array | undefined;
export function normalizeDigitImage(
  pixels: ImageBatch,
  width: number,
  height: number,
  options?: DigitImageOptions,
): Float32Array | undefined;
export function normalizeDigitImage(
  given: DigitPicture | ImageBatch,
  widthOrOptions: number | DigitImageOptions = {},
  heightGiven = 0,
  optionsGiven: DigitImageOptions = {},
): Float32Array | undefined {
  const isArray = typeof widthOrOptions === "number";
  const options = isArray ? optionsGiven : widthOrOptions;
  checkOptions("normalizeDigitImage", options, { invert: "any", background: "any" });
  const { grey, width, height } = isArray
    ? { grey: checkedPixels(given, widthOrOptions, heightGiven), width: widthOrOptions, height: heightGiven }
    : greyOf(given, options);
  const cropped = cropToInk(separateInk(grey, width, height, options.invert ?? "auto"));
  if (cropped === undefined) return undefined;
  const scale = INK_SIZE / Math.max(cropped.width, cropped.height);
  const small = transposed(averageAlongRows(transposed(averageAlongRows(cropped, scale)), scale));
  return placeByMass(small)?.image;
}
