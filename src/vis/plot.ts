/** A plot of lines over steps. */
import type { Pen } from "./figure.ts";

/** Points of one line; those that are not finite leave a gap. */
export interface Line {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Colour, and how strong. */
  readonly color: string;
  readonly opacity?: number;
  /** Also a dot at each point. */
  readonly dots?: boolean;
  /** In the legend, where it has one. */
  readonly name?: string;
}

export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlotOptions {
  readonly title: string;
  readonly xName: string;
  /** What the axes span; y is rounded outwards. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly lines: readonly Line[];
  /** Numbers at the axes. */
  number(value: number): string;
  steps(value: number): string;
  /** Written where there is no line. */
  readonly nothing?: string | undefined;
}

/** Room for the title above, for numbers left and below. */
const [ABOVE, LEFT, BELOW, RIGHT] = [34, 44, 34, 8];

/** Two, four or five even steps that span a range: the numbers at an axis. */
export function ticks(from: number, to: number): number[] {
  const span = to - from || 1;
  const power = 10 ** Math.floor(Math.log10(span));
  const step = [0.2, 0.5, 1, 2, 5].map((part) => part * power).find((size) => span / size <= 5) ?? span;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Draws axes, lines and a legend into a box of the canvas. */
export function plot(pen: Pen, box: PlotBox, { title, xName, x, y, lines, number, steps, nothing }: PlotOptions): void {
  const { context } = pen;
  const inner = {
    left: box.left + LEFT,
    top: box.top + ABOVE,
    width: box.width - LEFT - RIGHT,
    height: box.height - ABOVE - BELOW,
  };
  const [low, high] = y[0] === y[1] ? [y[0] - 0.5, y[1] + 0.5] : y;
  const [first, last] = x[0] === x[1] ? [x[0], x[0] + 1] : x;
  const across = (value: number) => inner.left + ((value - first) / (last - first)) * inner.width;
  const up = (value: number) => inner.top + inner.height - ((value - low) / (high - low)) * inner.height;
  context.lineWidth = 1;
  context.strokeStyle = pen.grid;
  for (const tick of ticks(low, high)) {
    const at = Math.round(up(tick)) + 0.5;
    context.beginPath();
    context.moveTo(inner.left, at);
    context.lineTo(inner.left + inner.width, at);
    context.stroke();
    context.textAlign = "right";
    context.fillText(number(tick), inner.left - 6, at);
  }
  context.textAlign = "center";
  const bottom = inner.top + inner.height;
  for (const tick of ticks(first, last).filter(Number.isInteger)) {
    // The last one would be cut off.
    context.textAlign = tick === last ? "right" : "center";
    context.fillText(steps(tick), across(tick), bottom + 12);
  }
  context.textAlign = "center";
  if (nothing !== undefined) context.fillText(nothing, inner.left + inner.width / 2, inner.top + inner.height / 2);
  context.textAlign = "right";
  context.fillText(xName, inner.left + inner.width, bottom + 26);
  context.textAlign = "left";
  context.save();
  context.beginPath();
  context.rect(inner.left, inner.top - 2, inner.width + RIGHT, inner.height + 4);
  context.clip();
  for (const line of lines) drawLine(context, line, across, up);
  context.restore();
  legend(pen, box, title, lines);
}

function drawLine(
  context: CanvasRenderingContext2D,
  { points, color, opacity = 1, dots = false }: Line,
  across: (x: number) => number,
  up: (y: number) => number,
): void {
  context.globalAlpha = opacity;
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  for (const { x, y } of points) {
    if (!Number.isFinite(y)) {
      drawing = false;
      continue;
    }
    if (drawing) context.lineTo(across(x), up(y));
    else context.moveTo(across(x), up(y));
    drawing = true;
  }
  context.stroke();
  if (dots || points.length === 1) {
    for (const { x, y } of points) {
      if (!Number.isFinite(y)) continue;
      context.beginPath();
      context.arc(across(x), up(y), 3, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function legend({ context, text }: Pen, box: PlotBox, title: string, lines: readonly Line[]): void {
  const at = box.top + 12;
  context.fillStyle = text;
  context.fillText(title, box.left, at);
  let left = box.left + Math.max(LEFT, context.measureText(title).width + 16);
  for (const { name, color } of lines) {
    if (name === undefined) continue;
    context.fillStyle = color;
    context.fillRect(left, at - 1.5, 16, 3);
    context.fillStyle = text;
    context.fillText(name, left + 20, at);
    left += 32 + context.measureText(name).width;
  }
}
