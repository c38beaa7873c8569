import { AFFINE_STREAM, type Affine, type AffineRanges, checkAffineRanges, randomAffine } from "./affine.ts";
import { ArgumentError } from "./errors.ts";
import { normalQuantile } from "./gaussian_noise.ts";
import type { Mixing } from "./mixing.ts";
import { describeValue, type OptionKinds } from "./options.ts";
import { randomBits, randomKey } from "./random.ts";

/** Which way images are flipped, each with probability ½. */
export type Flip = "horizontal" | "vertical" | "both";

/** What stands outside of an image, with Keras' names of `fill_mode`. */
export type FillMode = "constant" | "nearest" | "reflect";

/**
 * How random copies of an image differ from it; what is 0 or left out does nothing. In this order: flip; rotation, slant,
 * zoom and shift, with bilinear interpolation; crop; contrast, brightness, saturation; noise; cutout.
 */
export interface ImageAugmentation extends AffineRanges {
  /** Left and right, up and down, or both: each exchanged with probability ½. */
  readonly flip?: Flip;
  /**
   * Whole pixels: the image gets a frame of so many on each side, and a random window of its own size is cut out. The same
   * is a shift by −crop … crop whole pixels along each axis.
   */
  readonly crop?: number;
  /**
   * What comes from outside of the image: "constant" is `fillValue` (default), "nearest" the pixel at the edge, "reflect" the
   * image mirrored at its edge (d c b a | a b c d | d c b a).
   */
  readonly fill?: FillMode;
  /** Of "constant" and of `cutout`, in the units of the network's pixels: 0…1 for bytes. Default 0. */
  readonly fillValue?: number;
  /**
   * 0…1. value ← f · value + (1 − f) · mean, f uniform in 1 ± contrast; the mean is that of the whole image in grey, before
   * anything is done to it (torchvision's `adjust_contrast`). Grey is 0.2989 R + 0.587 G + 0.114 B; of other than three channels their mean.
   */
  readonly contrast?: number;
  /** 0…1. value ← f · value, f uniform in 1 ± brightness (torchvision's `adjust_brightness`). */
  readonly brightness?: number;
  /**
   * 0…1, for three channels. value ← f · value + (1 − f) · grey of the pixel, f uniform in 1 ± saturation (torchvision's
   * `adjust_saturation`).
   */
  readonly saturation?: number;
  /** Standard deviation of normal noise on every value, in the units of the network's pixels: 0…1 for bytes. */
  readonly noise?: number;
  /**
   * A share of the shorter side, 0…1: a square of that side, whose middle is any pixel, becomes `fillValue` (DeVries and
   * Taylor 2017). What hangs over the edge is left out.
   */
  readonly cutout?: number;
}

/** How `fit` changes the images that it trains on. */
export interface AugmentOptions extends ImageAugmentation, Mixing {}

/** Every setting, as ops keep it. */
export interface ImageAugmentationSettings extends Required<AffineRanges> {
  readonly flip: Flip | "none";
  readonly crop: number;
  readonly fill: FillMode;
  readonly fillValue: number;
  readonly contrast: number;
  readonly brightness: number;
  readonly saturation: number;
  readonly noise: number;
  readonly cutout: number;
}

/** The kinds of options of an image's augmentation. */
export const IMAGE_AUGMENTATION: OptionKinds<ImageAugmentation> = {
  shift: "number",
  rotate: "number",
  zoom: "number",
  shear: "number",
  flip: "string",
  crop: "number",
  fill: "string",
  fillValue: "number",
  contrast: "number",
  brightness: "number",
  saturation: "number",
  noise: "number",
  cutout: "number",
};

/** The kinds of all options of `augment`. */
export const AUGMENT_OPTIONS: OptionKinds<AugmentOptions> = {
  ...IMAGE_AUGMENTATION,
  mixup: "number",
  cutMix: "number",
};

const FLIPS: readonly string[] = ["horizontal", "vertical", "both"] satisfies Flip[];
const FILL_MODES: readonly string[] = ["constant", "nearest", "reflect"] satisfies FillMode[];
/** Wider frames than any image has pixels along a side. */
const MOST_CROPPED = 65535;

/** The settings with every one named. Throws `ArgumentError` for one that is out of its bounds. `options` are of known names. */
export function checkImageAugmentation(what: string, options: ImageAugmentation): ImageAugmentationSettings {
  const { shift, rotate, zoom, shear, flip, fill = "constant", crop = 0, fillValue = 0 } = options;
  const affine = checkAffineRanges(what, {
    ...(shift !== undefined && { shift }),
    ...(rotate !== undefined && { rotate }),
    ...(zoom !== undefined && { zoom }),
    ...(shear !== undefined && { shear }),
  });
  if (flip !== undefined && !FLIPS.includes(flip)) {
    throw new ArgumentError(`${what}: flip must be "horizontal", "vertical" or "both", got ${describeValue(flip)}.`);
  }
  if (!FILL_MODES.includes(fill)) {
    throw new ArgumentError(`${what}: fill must be "constant", "nearest" or "reflect", got ${describeValue(fill)}.`);
  }
  if (!(Number.isInteger(crop) && crop >= 0 && crop <= MOST_CROPPED)) {
    throw new ArgumentError(
      `${what}: crop must be a whole number of pixels, 0 to ${MOST_CROPPED}, got ${describeValue(crop)}.`,
    );
  }
  if (!Number.isFinite(fillValue)) {
    throw new ArgumentError(`${what}: fillValue must be a number, got ${describeValue(fillValue)}.`);
  }
  const share = (name: "contrast" | "brightness" | "saturation" | "cutout"): number => {
    const value = options[name] ?? 0;
    if (value >= 0 && value <= 1) return value;
    throw new ArgumentError(`${what}: ${name} must be a number from 0 to 1, got ${describeValue(value)}.`);
  };
  const { noise = 0 } = options;
  if (!(Number.isFinite(noise) && noise >= 0)) {
    throw new ArgumentError(`${what}: noise must be a standard deviation of at least 0, got ${describeValue(noise)}.`);
  }
  return {
    ...affine,
    ...{ flip: flip ?? "none", crop, fill, fillValue, noise },
    ...{ contrast: share("contrast"), brightness: share("brightness"), saturation: share("saturation") },
    cutout: share("cutout"),
  };
}

/** Throws `ArgumentError` where images of so many channels have no such augmentation. */
export function checkChannels(what: string, { saturation }: ImageAugmentationSettings, channels: number): void {
  if (saturation === 0 || channels === 3) return;
  const why = channels === 1 ? "grey has no colour to change" : "colours are red, green and blue";
  throw new ArgumentError(
    `${what}: saturation wants images of 3 channels, these have ${channels}: ${why}. Leave it out.`,
  );
}

/** Whether pixels are read from between others. */
export function isMoved({ shift, rotate, zoom, shear }: Required<AffineRanges>): boolean {
  return shift > 0 || rotate > 0 || zoom > 0 || shear > 0;
}

/** What each channel counts in grey. */
export function greyWeights(channels: number): readonly number[] {
  return channels === 3 ? [0.2989, 0.587, 0.114] : Array.from({ length: channels }, () => 1 / channels);
}

/** Side of the square that is cut out, in pixels. */
export function cutoutSide(cutout: number, height: number, width: number): number {
  return Math.round(cutout * Math.min(height, width));
}

/** Numbers drawn for one image, behind those of its affine transform. `shaders/augment_images.wgsl` has the same. */
const DRAW = {
  flipRows: 5,
  flipColumns: 6,
  cropRows: 7,
  cropColumns: 8,
  contrast: 9,
  brightness: 10,
  saturation: 11,
  cutRow: 12,
  cutColumn: 13,
} as const;

/** Tells an image's noise from its other random numbers. */
const NOISE = 1;

/** What is drawn for one image. */
export interface DrawnAugmentation {
  readonly affine: Affine;
  readonly flipRows: boolean;
  readonly flipColumns: boolean;
  /** The image moves by so many pixels down, and to the right. */
  readonly cropRows: number;
  readonly cropColumns: number;
  readonly contrast: number;
  readonly brightness: number;
  readonly saturation: number;
  /** First row and column of the square that is cut out. */
  readonly cutTop: number;
  readonly cutLeft: number;
  /** Standard normal, of each of the image's values. */
  noise(element: number): number;
}

/** What the `place`-th image [height, width] of batch number `batch` gets. */
export function drawAugmentation(
  settings: ImageAugmentationSettings,
  [height, width]: readonly [number, number],
  [seed, batch, place]: readonly [number, number, number],
): DrawnAugmentation {
  const { flip, crop, cutout } = settings;
  const key = randomKey(seed, AFFINE_STREAM, batch, place);
  const noiseKey = randomKey(seed, AFFINE_STREAM, batch, place, NOISE);
  const bits = (name: keyof typeof DRAW) => randomBits(key, DRAW[name]);
  const factor = (name: "contrast" | "brightness" | "saturation") =>
    1 + settings[name] * ((bits(name) >>> 8) / 2 ** 23 - 1);
  const half = cutoutSide(cutout, height, width) >> 1;
  return {
    affine: randomAffine(settings, seed, batch, place),
    flipRows: (flip === "vertical" || flip === "both") && bits("flipRows") >>> 31 === 1,
    flipColumns: (flip === "horizontal" || flip === "both") && bits("flipColumns") >>> 31 === 1,
    cropRows: (bits("cropRows") % (2 * crop + 1)) - crop,
    cropColumns: (bits("cropColumns") % (2 * crop + 1)) - crop,
    contrast: factor("contrast"),
    brightness: factor("brightness"),
    saturation: factor("saturation"),
    cutTop: (bits("cutRow") % height) - half,
    cutLeft: (bits("cutColumn") % width) - half,
    noise: (element) => normalQuantile(((randomBits(noiseKey, element) >>> 9) + 0.5) * 2 ** -23),
  };
}

/** The row or column that stands at a place along an axis; −1 where nothing does. */
export function filledPlace(place: number, extent: number, fill: FillMode): number {
  if (place >= 0 && place < extent) return place;
  if (fill === "constant") return -1;
  if (fill === "nearest") return place < 0 ? 0 : extent - 1;
  const period = 2 * extent;
  const folded = ((place % period) + period) % period;
  return folded < extent ? folded : period - 1 - folded;
}
