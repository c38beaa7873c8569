import { ArgumentError } from "./errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "./options.ts";
import { randomBits, randomKey } from "./random.ts";

/** How far random copies of an image may differ from it; 0 or left out is not at all. */
export interface AffineRanges {
  /** Pixels, to either side and up or down. */
  readonly shift?: number;
  /** Degrees, to either side; at most 180. */
  readonly rotate?: number;
  /** Share of the size: 0.1 is from 1/1.1 to 1.1 times as large; below 1. */
  readonly zoom?: number;
  /** Degrees of slant, to either side; below 80. */
  readonly shear?: number;
}

/** Tells these random numbers from those of shuffling. */
export const AFFINE_STREAM = 0x0affa1e;
/** Numbers drawn for one image. */
const [SHIFT_ROWS, SHIFT_COLUMNS, ROTATE, ZOOM, SHEAR] = [0, 1, 2, 3, 4];
const DEGREE = Math.PI / 180;

const RANGES: OptionKinds<AffineRanges> = { shift: "number", rotate: "number", zoom: "number", shear: "number" };

/** The ranges with every one named. Throws `ArgumentError` for one that is no number in its bounds. */
export function checkAffineRanges(what: string, ranges: AffineRanges): Required<AffineRanges> {
  checkOptions(what, ranges, RANGES);
  const { shift = 0, rotate = 0, zoom = 0, shear = 0 } = ranges;
  const check = (name: string, value: number, below: number, words: string) => {
    if (!(Number.isFinite(value) && value >= 0 && value < below)) {
      throw new ArgumentError(`${what}: ${name} must be a number of at least 0${words}, got ${describeValue(value)}.`);
    }
  };
  check("shift", shift, Number.POSITIVE_INFINITY, " (pixels)");
  check("rotate", rotate, 180 + 1e-9, " and at most 180 (degrees)");
  check("zoom", zoom, 1, " and below 1 (a share of the size)");
  check("shear", shear, 80, " and below 80 (degrees)");
  return { shift, rotate, zoom, shear };
}

/**
 * Where the pixel that ends up (column, row) off the middle comes from, off the middle too:
 * column · xx + row · xy − shift, column · yx + row · yy − shift.
 */
export interface Affine {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly shiftColumns: number;
  readonly shiftRows: number;
}

/** The transform of the `place`-th image of batch number `batch`: rotated, slanted, zoomed, then shifted. */
export function randomAffine(ranges: Required<AffineRanges>, seed: number, batch: number, place: number): Affine {
  const key = randomKey(seed, AFFINE_STREAM, batch, place);
  // Uniform in [−1, 1), 24 bits: what f32 holds exactly.
  const draw = (counter: number) => (randomBits(key, counter) >>> 8) / 2 ** 23 - 1;
  const angle = ranges.rotate * DEGREE * draw(ROTATE as number);
  const drawnZoom = ranges.zoom * draw(ZOOM as number);
  // 1/1.1 … 1.1, as often smaller as larger.
  const scale = drawnZoom < 0 ? 1 - drawnZoom : 1 / (1 + drawnZoom);
  const slant = Math.tan(ranges.shear * DEGREE) * draw(SHEAR as number);
  const [cosine, sine] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return {
    xx: cosine,
    xy: cosine * slant + sine,
    yx: -sine,
    yy: cosine - sine * slant,
    shiftColumns: ranges.shift * draw(SHIFT_COLUMNS as number),
    shiftRows: ranges.shift * draw(SHIFT_ROWS as number),
  };
}
