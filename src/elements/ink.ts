/** The ink of the drawing pad: strokes as they are kept, how wide they are, and how they are drawn. */
import type { StrokePoint } from "../data/stroke.ts";

/** How much a pen's pressure may change the width: MNIST was written with ordinary pens. */
const PRESSURE_SHARE = 0.3;

export interface Drawn {
  readonly points: StrokePoint[];
  /** Width of the pen that drew it, in pad units. */
  readonly width: number;
}

/** Whether the ink of a stroke is as near to a point as this, in pad units. */
export function isTouched({ points, width }: Drawn, { x, y }: StrokePoint, reach: number): boolean {
  return points.some((point, index) => {
    const before = points[index - 1] ?? point;
    return distanceToPiece(x, y, before, point) <= inkWidth(width, point.pressure) / 2 + reach;
  });
}

function distanceToPiece(x: number, y: number, a: StrokePoint, b: StrokePoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length));
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}

export function drawPicture(context: CanvasRenderingContext2D, picture: ImageBitmap, side: number, ink: string): void {
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, side, side);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = ink;
  context.fillRect(0, 0, side, side);
  context.globalCompositeOperation = "source-over";
}

/** Curves through the middles of the pieces, with the points as control points: smooth, and it never overshoots. */
export function drawStroke(context: CanvasRenderingContext2D, { points: stroke, width }: Drawn): void {
  const [first] = stroke;
  if (first === undefined) return;
  context.lineCap = context.lineJoin = "round";
  if (stroke.length === 1) {
    context.beginPath();
    context.arc(first.x, first.y, inkWidth(width, first.pressure) / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  if (first.pressure === undefined) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const piece of pieces(stroke))
      context.quadraticCurveTo(piece.control.x, piece.control.y, piece.end.x, piece.end.y);
    context.stroke();
    return;
  }
  // A pen's width changes along the stroke: a path for each piece.
  for (const piece of pieces(stroke)) {
    context.lineWidth = inkWidth(width, piece.control.pressure);
    context.beginPath();
    context.moveTo(piece.start.x, piece.start.y);
    context.quadraticCurveTo(piece.control.x, piece.control.y, piece.end.x, piece.end.y);
    context.stroke();
  }
}

interface Piece {
  readonly start: StrokePoint;
  readonly control: StrokePoint;
  readonly end: StrokePoint;
}

function pieces(stroke: readonly StrokePoint[]): Piece[] {
  const found: Piece[] = [];
  let start = stroke[0];
  for (let index = 1; index < stroke.length; index++) {
    const [control, next] = [stroke[index - 1], stroke[index]];
    if (start === undefined || control === undefined || next === undefined) break;
    const last = index === stroke.length - 1;
    const end = last ? next : { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 };
    found.push({ start, control, end });
    start = end;
  }
  return found;
}

function inkWidth(width: number, pressure: number | undefined): number {
  if (pressure === undefined) return width;
  return width * (1 - PRESSURE_SHARE + 2 * PRESSURE_SHARE * Math.min(1, Math.max(0, pressure)));
}
