/**
 * Drawn digits, made into the images that MNIST holds: the ink's longer side is 20 pixels, its centre of mass lies on
 * pixel 14 of 28, white on black (LeCun et al., "Gradient-based learning applied to document recognition", 1998,
 * section III-A). Plain arithmetic without a canvas: it gives the same bits in a page, a worker and Node.
 */
import { DIGIT_SIZE, INK_SIZE, placeByMass } from "./center_of_mass.ts";
import { distinctPoints, type Stroke, type StrokePoint, smoothStroke } from "./stroke.ts";

export { type DigitImageOptions, type DigitPicture, normalizeDigitImage } from "./digit_image.ts";
export { type Stroke, type StrokePoint, smoothStroke } from "./stroke.ts";

/**
 * Pen width in pixels of the image: with it the ten digits of test/support/digit_strokes.ts have as much ink as MNIST's
 * have on average, a sum of 102 (test/data/digit.test.ts measures both).
 */
const PEN_WIDTH = 2.6;
/** Sub-pixels along each side of a pixel. */
const SUBPIXELS = 8;
/** Longest straight piece of a smoothed stroke, and the shortest step of the pen that is drawn, in pixels. */
const PIECE = 0.8;
const STILL = 0.05;
/** A full pressure is 30 % wider than the middle one, none 30 % narrower: MNIST's pens were all alike. */
const PRESSURE_EFFECT = 0.3;
/** A drawing of less extent, in its own unit, has none. */
const SMALLEST = 1e-100;

/** How strokes become a picture. */
export interface RasterizeOptions {
  /** Width of the strokes in pixels of the 28×28 image; by default 2.6, which gives digits as much ink as MNIST's have. */
  penWidth?: number;
}

/** A drawing as the network sees it. */
export interface DigitRaster {
  /** 784 values, 0 (paper) … 1 (ink), row by row. */
  readonly image: Float32Array;
  /** The image's sum. MNIST's digits have 104 on average, a 1 about 60; a mere dot has less than 10. */
  readonly ink: number;
  /** Pixels of the image per unit of the strokes. */
  readonly scale: number;
  /**
   * Where the drawing went: the stroke's point (x, y) lies at (x · scale + offsetX, y · scale + offsetY), counted in
   * pixels from the image's upper left corner. To lay a picture of what the network saw over the drawing.
   */
  readonly offsetX: number;
  /** Beside `offsetX`. */
  readonly offsetY: number;
}

/** A point of the pen's path with half the pen's width there, in pixels of the image. */
interface Nib {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(nibs: Iterable<Nib>): Box {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (const { x, y, radius } of nibs) {
    left = Math.min(left, x - radius);
    top = Math.min(top, y - radius);
    right = Math.max(right, x + radius);
    bottom = Math.max(bottom, y + radius);
  }
  return { left, top, width: right - left, height: bottom - top };
}

function radiusAt({ pressure }: StrokePoint, penWidth: number): number {
  if (pressure === undefined || Number.isNaN(pressure)) return penWidth / 2;
  const clamped = Math.min(Math.max(pressure, 0), 1);
  return (penWidth / 2) * (1 + PRESSURE_EFFECT * (2 * clamped - 1));
}

/** The strokes with their upper left corner at the origin: far away, single precision would not be the only loss. */
function moved(strokes: readonly Stroke[], left: number, top: number): Stroke[] {
  return strokes.map((stroke) => ({
    ...stroke,
    points: stroke.points.map((point) => ({ ...point, x: point.x - left, y: point.y - top })),
  }));
}

function scaled(paths: readonly (readonly Nib[])[], scale: number): Nib[][] {
  return paths.map((path) => path.map(({ x, y, radius }) => ({ x: x * scale, y: y * scale, radius })));
}

/** The scale at which path and pen together are `INK_SIZE` long, from a first guess; the pen itself does not scale. */
function scaleToFit(paths: readonly (readonly Nib[])[], guess: number, penWidth: number): number {
  let scale = guess;
  // The smoothed path may reach a little beyond its points: one round. Pressure may make another nib the outermost: more.
  for (let round = 0; round < 5; round++) {
    const box = boxOf(scaled(paths, scale).flat());
    const pathSide = Math.max(box.width, box.height) - penWidth;
    if (pathSide > 0) scale *= (INK_SIZE - penWidth) / pathSide;
  }
  return scale;
}

/** Raises the coverage of the sub-pixels that the pen passes on the way from `a` to `b` (in sub-pixels). */
function strokePiece(coverage: Float32Array, width: number, height: number, a: Nib, b: Nib): void {
  const reach = Math.max(a.radius, b.radius) + 0.5;
  const alongX = b.x - a.x;
  const alongY = b.y - a.y;
  const squaredLength = alongX * alongX + alongY * alongY;
  const left = Math.min(a.x, b.x) - reach;
  const right = Math.max(a.x, b.x) + reach;
  const lastRow = Math.min(height - 1, Math.ceil(Math.max(a.y, b.y) + reach));
  for (let row = Math.max(0, Math.floor(Math.min(a.y, b.y) - reach)); row <= lastRow; row++) {
    const y = row + 0.5;
    // Where the band around the infinite line crosses this row, as far as it does.
    const middle = alongY === 0 ? a.x : a.x + ((y - a.y) * alongX) / alongY;
    const halfBand = alongY === 0 ? Number.POSITIVE_INFINITY : (reach * Math.sqrt(squaredLength)) / Math.abs(alongY);
    const firstColumn = Math.max(0, Math.floor(Math.max(left, middle - halfBand) - 0.5));
    const lastColumn = Math.min(width - 1, Math.ceil(Math.min(right, middle + halfBand)));
    for (let column = firstColumn; column <= lastColumn; column++) {
      const index = row * width + column;
      const before = coverage[index] ?? 1;
      if (before >= 1) continue;
      const x = column + 0.5;
      const projection = squaredLength > 0 ? ((x - a.x) * alongX + (y - a.y) * alongY) / squaredLength : 0;
      const share = projection < 0 ? 0 : projection > 1 ? 1 : projection;
      const awayX = x - a.x - share * alongX;
      const awayY = y - a.y - share * alongY;
      const radius = a.radius + share * (b.radius - a.radius);
      // The edge runs over one sub-pixel instead of jumping, so that a tiny change of the drawing is a tiny change here.
      const covered = radius + 0.5 - Math.sqrt(awayX * awayX + awayY * awayY);
      if (covered > before) coverage[index] = covered < 1 ? covered : 1;
    }
  }
}

/** The pen's path in sub-pixels, on a grid whose corner is that of `box`. */
function inSubpixels({ x, y, radius }: Nib, box: Box): Nib {
  return { x: (x - box.left) * SUBPIXELS, y: (y - box.top) * SUBPIXELS, radius: radius * SUBPIXELS };
}

/** Mean coverage of the sub-pixels of each pixel. */
function averagePixels(coverage: Float32Array, columns: number, rows: number): Float32Array {
  const ink = new Float32Array(columns * rows);
  const width = columns * SUBPIXELS;
  for (let row = 0; row < rows * SUBPIXELS; row++) {
    const pixelRow = Math.floor(row / SUBPIXELS) * columns;
    for (let column = 0; column < width; column++) {
      const pixel = pixelRow + Math.floor(column / SUBPIXELS);
      ink[pixel] = (ink[pixel] ?? 0) + (coverage[row * width + column] ?? 0);
    }
  }
  return ink.map((sum) => sum / (SUBPIXELS * SUBPIXELS));
}

/**
 * What a network trained on MNIST should see of a drawing, or `undefined` for an empty one.
 *
 * The strokes are scaled, not their picture: smoothed, brought to 20 pixels (pen included) with one scale for both
 * axes, drawn anew with a round pen of MNIST's width, averaged over 8×8 sub-pixels, and moved by whole pixels until the
 * centre of mass lies on pixel 14 (± 0.5). Where and how large somebody draws, and with how wide a pen, changes
 * nothing. Two drawings differ from that rule: a dot stays a dot, and one that is so lopsided that ink would fall off
 * the image stays inside instead.
 *
 * Points that are no finite numbers are left out. Throws nothing.
 */
export function rasterizeDigit(strokes: readonly Stroke[], options: RasterizeOptions = {}): DigitRaster | undefined {
  const penWidth = Math.min(Math.max(options.penWidth ?? PEN_WIDTH, 0.5), INK_SIZE / 2);
  const drawn = strokes
    .map((stroke) => ({ ...stroke, points: distinctPoints(stroke.points, 0) }))
    .filter((stroke) => stroke.points.length > 0);
  if (drawn.length === 0) return undefined;

  const asNibs = (points: readonly StrokePoint[]) => points.map((point) => ({ x: point.x, y: point.y, radius: 0 }));
  const rough = boxOf(drawn.flatMap(({ points }) => asNibs(points)));
  const extent = Math.max(rough.width, rough.height);
  const widest = drawn.reduce((most, { width }) => (width !== undefined && width > most ? width : most), 0);
  // Smaller than its own pen is a dot, however much the hand trembled.
  const isDot = extent <= Math.max(widest, SMALLEST);
  const roughExtent = Math.max(extent, widest);

  const unit = roughExtent > SMALLEST ? (INK_SIZE - penWidth) / roughExtent : 1;
  const paths = moved(drawn, rough.left, rough.top).map(({ points }) =>
    smoothStroke(distinctPoints(points, STILL / unit), PIECE / unit).map((point) => ({
      x: point.x,
      y: point.y,
      radius: radiusAt(point, penWidth),
    })),
  );
  const scale = isDot ? unit : scaleToFit(paths, unit, penWidth);
  const placed = scaled(paths, scale);
  const box = boxOf(placed.flat());
  // Less than a thousandth of a pixel is no reason for another column.
  const columns = Math.min(INK_SIZE, Math.max(1, Math.ceil(box.width - 1e-3)));
  const rows = Math.min(INK_SIZE, Math.max(1, Math.ceil(box.height - 1e-3)));
  const coverage = new Float32Array(columns * rows * SUBPIXELS * SUBPIXELS);
  for (const path of placed) {
    const nibs = path.map((nib) => inSubpixels(nib, box));
    nibs.forEach((nib, index) => {
      const previous = nibs[index - 1] ?? nib;
      if (index > 0 || nibs.length === 1) strokePiece(coverage, columns * SUBPIXELS, rows * SUBPIXELS, previous, nib);
    });
  }
  const result = placeByMass({ width: columns, height: rows, ink: averagePixels(coverage, columns, rows) });
  if (result === undefined) return undefined;
  return {
    image: result.image,
    ink: result.total,
    scale,
    offsetX: result.left - box.left - rough.left * scale,
    offsetY: result.top - box.top - rough.top * scale,
  };
}

/** Number of pixels of the image: 28 × 28. */
export const DIGIT_PIXELS = DIGIT_SIZE * DIGIT_SIZE;
