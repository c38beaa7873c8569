/** Where the pen was, in any unit: CSS pixels, millimetres, a unit box. x grows to the right, y downwards. */
export interface StrokePoint {
  /** Rightwards. */
  readonly x: number;
  /** Downwards. */
  readonly y: number;
  /** 0 … 1, from a pen only: a mouse has none and always reports 0.5, which means the ordinary width. */
  readonly pressure?: number;
}

/** What the pen drew between touching the paper and leaving it. */
export interface Stroke {
  /** In the order of drawing. */
  readonly points: readonly StrokePoint[];
  /**
   * Width of the pen on screen, in the unit of the points. It only tells a dot from a line: a drawing smaller than
   * the pen that made it is not blown up. The picture's own strokes are always as wide as MNIST's.
   */
  readonly width?: number;
}

/** Coordinates beyond this are noise, and their differences would overflow. */
const FARTHEST = 1e100;

function isUsable(point: StrokePoint): boolean {
  return Math.abs(point.x) <= FARTHEST && Math.abs(point.y) <= FARTHEST;
}

/** The points without those that are no numbers, or where the pen stood still (closer than `distance`). */
export function distinctPoints(points: readonly StrokePoint[], distance: number): StrokePoint[] {
  const kept: StrokePoint[] = [];
  for (const point of points) {
    if (!isUsable(point)) continue;
    const last = kept[kept.length - 1];
    if (last === undefined || Math.hypot(point.x - last.x, point.y - last.y) > distance) kept.push(point);
  }
  return kept;
}

/** Where the curve of a Catmull-Rom segment between `b` and `c` is at `share` (0 … 1), by Barry and Goldman's pyramid. */
function onSegment(
  a: StrokePoint,
  b: StrokePoint,
  c: StrokePoint,
  d: StrokePoint,
  share: number,
): { x: number; y: number } {
  // Centripetal: knots as far apart as the square root of the distance, so that no segment loops or overshoots
  // (Yuksel, Schaefer, Keyser: "Parameterization and applications of Catmull-Rom curves", 2011).
  const knot = (from: StrokePoint, to: StrokePoint) => Math.sqrt(Math.hypot(to.x - from.x, to.y - from.y));
  const atA = 0;
  const atB = atA + knot(a, b);
  const atC = atB + knot(b, c);
  const atD = atC + knot(c, d);
  const at = atB + share * (atC - atB);
  const blend = (p: { x: number; y: number }, q: { x: number; y: number }, from: number, to: number) => {
    const weight = to > from ? (at - from) / (to - from) : 0;
    return { x: p.x + (q.x - p.x) * weight, y: p.y + (q.y - p.y) * weight };
  };
  const ab = blend(a, b, atA, atB);
  const bc = blend(b, c, atB, atC);
  const cd = blend(c, d, atC, atD);
  return blend(blend(ab, bc, atA, atC), blend(bc, cd, atB, atD), atB, atC);
}

/**
 * A smooth curve through all points, as a line of points at most `spacing` apart: what a page draws on screen, and
 * what `rasterizeDigit` draws for the network. Points that are no finite numbers are left out.
 */
export function smoothStroke(points: readonly StrokePoint[], spacing: number): StrokePoint[] {
  const path = distinctPoints(points, 0);
  const smooth: StrokePoint[] = path.slice(0, 1);
  for (let index = 0; index + 1 < path.length; index++) {
    const start = path[index];
    const end = path[index + 1];
    if (start === undefined || end === undefined) break;
    // Beyond either end the curve goes straight on.
    const before = path[index - 1] ?? { x: 2 * start.x - end.x, y: 2 * start.y - end.y };
    const after = path[index + 2] ?? { x: 2 * end.x - start.x, y: 2 * end.y - start.y };
    const pieces = Math.max(1, Math.ceil(Math.hypot(end.x - start.x, end.y - start.y) / spacing));
    for (let piece = 1; piece < pieces; piece++) {
      const share = piece / pieces;
      const point = onSegment(before, start, end, after, share);
      if (start.pressure === undefined || end.pressure === undefined) smooth.push(point);
      else smooth.push({ ...point, pressure: start.pressure + (end.pressure - start.pressure) * share });
    }
    smooth.push(end);
  }
  return smooth;
}
