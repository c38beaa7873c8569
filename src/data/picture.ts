/** From the pixels of a picture to the values that a model sees; plain arithmetic, without a canvas. */

import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { groundOf, isDarkOnLight } from "./ground.ts";

/** Red, green, blue and alpha of each pixel, row by row, 0–255, not multiplied by alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array | Float32Array;
}

/** "black", "white", "#rrggbb", or [red, green, blue] from 0 to 255. */
export type Background = "black" | "white" | `#${string}` | readonly [red: number, green: number, blue: number];

/** How pictures are read. */
export interface PictureOptions {
  /**
   * What lies behind pixels that are not opaque. "auto", the default: black; white where the picture's edge is transparent
   * and what is drawn on it is dark, as in a canvas with black ink.
   */
  background?: "auto" | Background;
  /**
   * Whether dark and light change places, for models that have learnt light ink on dark, as MNIST's digits are. "auto" does
   * it for pictures that are dark on light: what is most along their edges is the ground. Default: "auto" for models of one
   * channel, false for those of three. Arrays of values are taken as they are.
   */
  invert?: "auto" | boolean;
}

type Color = readonly [number, number, number];

const BLACK: Color = [0, 0, 0];
const WHITE: Color = [255, 255, 255];

/** Shares of red, green and blue in a grey value (ITU-R BT.601). */
const LUMA: Color = [0.299, 0.587, 0.114];

/** The grey of a colour. */
export const luma = (red: number, green: number, blue: number) => LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue;

/** The options, checked. Throws `ArgumentError` for what is no colour and no choice. */
export function checkPictureOptions(
  what: string,
  { background = "auto", invert }: PictureOptions,
): { background: Color | "auto"; invert: "auto" | boolean | undefined } {
  if (invert !== undefined && invert !== "auto" && typeof invert !== "boolean") {
    throw new ArgumentError(`${what}: invert must be "auto", true or false, got ${describeValue(invert)}.`);
  }
  return { background: background === "auto" ? "auto" : checkColor(what, background), invert };
}

function checkColor(what: string, color: unknown): Color {
  if (color === "black") return BLACK;
  if (color === "white") return WHITE;
  if (typeof color === "string" && /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(color)) {
    const digits = color.length === 4 ? color.replaceAll(/[0-9a-f]/gi, "$&$&") : color;
    const part = (place: number) => Number.parseInt(digits.slice(place, place + 2), 16);
    return [part(1), part(3), part(5)];
  }
  if (Array.isArray(color) && color.length === 3 && color.every((one) => one >= 0 && one <= 255)) {
    const [red, green, blue] = color.map(Number);
    return [red ?? 0, green ?? 0, blue ?? 0];
  }
  throw new ArgumentError(
    `${what}: background must be "auto", "black", "white", "#rrggbb" or [red, green, blue] from 0 to 255, got ` +
      `${describeValue(color)}.`,
  );
}

/** What a page would have put behind a picture so that what is drawn on it can be seen. */
function backgroundOf({ width, height, data }: Pixels): Color {
  let pixel = 0;
  while (pixel < width * height && (data[4 * pixel + 3] ?? 0) >= 128) pixel++;
  // Nothing is transparent, as in most pictures.
  if (pixel === width * height) return BLACK;
  const alphas = new Float32Array(width * height).map((_, pixel) => data[4 * pixel + 3] ?? 0);
  if (groundOf(alphas, width, height).ground >= 128) return BLACK;
  let ink = 0;
  let light = 0;
  alphas.forEach((alpha, pixel) => {
    ink += alpha;
    light += alpha * luma(data[4 * pixel] ?? 0, data[4 * pixel + 1] ?? 0, data[4 * pixel + 2] ?? 0);
  });
  return light < 127.5 * ink ? WHITE : BLACK;
}

/**
 * Values from 0 to 1 [height, width, channels] of a picture over its background: its grey for one channel, red, green and
 * blue for three.
 */
export function pictureValues(
  pixels: Pixels,
  channels: 1 | 3,
  options: ReturnType<typeof checkPictureOptions>,
): Float32Array {
  const { width, height, data } = pixels;
  const behind = options.background === "auto" ? backgroundOf(pixels) : options.background;
  const { invert = channels === 1 ? "auto" : false } = options;
  const [backRed, backGreen, backBlue] = behind;
  const values = new Float32Array(width * height * channels);
  const withGrey = channels === 1 || invert === "auto";
  const grey = channels === 1 ? values : new Float32Array(withGrey ? width * height : 0);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = 4 * pixel;
    const alpha = data[at + 3] ?? 0;
    const seen = 255 - alpha;
    const red = ((data[at] ?? 0) * alpha + backRed * seen) / (255 * 255);
    const green = ((data[at + 1] ?? 0) * alpha + backGreen * seen) / (255 * 255);
    const blue = ((data[at + 2] ?? 0) * alpha + backBlue * seen) / (255 * 255);
    if (withGrey) grey[pixel] = luma(red, green, blue);
    if (channels === 1) continue;
    values[3 * pixel] = red;
    values[3 * pixel + 1] = green;
    values[3 * pixel + 2] = blue;
  }
  if (invert === "auto" ? isDarkOnLight(grey, width, height) : invert) return values.map((value) => 1 - value);
  return values;
}
