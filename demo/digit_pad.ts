/**
 * <digit-pad>: a square to draw a digit on with mouse, pen or finger. Strokes are kept as vectors, in a square of
 * PAD_UNITS × PAD_UNITS whatever the size on the screen.
 *
 * Events: "strokes" whenever the drawing changed. Keys, while it has the focus: Ctrl+Z undoes, Escape and Delete clear.
 * Style: `color` is the ink.
 */

import type { Stroke, StrokePoint } from "../src/index.ts";

/** Side of the pad in the units of its points. */
export const PAD_UNITS = 280;

/** Pen width in pad units; MNIST's strokes are about a tenth of the digit's 20 pixels. */
const INK_WIDTH = 20;
/** How much a pen's pressure may change the width: MNIST was written with ordinary pens. */
const PRESSURE_SHARE = 0.3;
/** A point closer than this to the last one says nothing new. */
const LEAST_DISTANCE = 0.75;

const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: block; aspect-ratio: 1; touch-action: none; user-select: none; -webkit-user-select: none; cursor: crosshair; }
  canvas { display: block; width: 100%; height: 100%; touch-action: none; }
`);

export class DigitPad extends HTMLElement {
  readonly #canvas = document.createElement("canvas");
  #strokes: StrokePoint[][] = [];
  #pointer: number | undefined;
  #penSeen = false;
  #picture: ImageBitmap | undefined;
  #frame = 0;
  readonly #resized = new ResizeObserver(() => this.#draw());

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#canvas.setAttribute("role", "img");
    root.append(this.#canvas);
    this.addEventListener("pointerdown", (event) => this.#down(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    this.addEventListener("pointerup", (event) => this.#up(event));
    this.addEventListener("pointercancel", (event) => this.#cancel(event));
    this.addEventListener("keydown", (event) => this.#key(event));
    // iPadOS "Scribble" takes a Pencil's strokes for handwriting and swallows their pointer events unless the touch
    // events are cancelled (szimek/signature_pad #518).
    for (const touch of ["touchstart", "touchmove"])
      this.addEventListener(touch, (event) => event.preventDefault(), { passive: false });
  }

  connectedCallback(): void {
    if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    this.#resized.observe(this);
    this.redraw();
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** The strokes drawn so far, oldest first; the one under the pen included. */
  get strokes(): readonly Stroke[] {
    return this.#strokes.map((points) => ({ points, width: INK_WIDTH }));
  }

  get empty(): boolean {
    return this.#strokes.length === 0 && this.#picture === undefined;
  }

  /** What assistive technology calls the drawing. */
  set label(text: string) {
    this.#canvas.ariaLabel = text;
  }

  /** Takes the last stroke back, or the picture. */
  undo(): void {
    if (this.#picture) this.#showPicture(undefined);
    else this.#strokes.pop();
    this.#changed();
  }

  clear(): void {
    this.#strokes = [];
    this.#pointer = undefined;
    this.#showPicture(undefined);
    this.#changed();
  }

  /** Shows a grey picture (0…1, row by row) instead of strokes, until the next stroke. */
  async show(pixels: Float32Array, side: number): Promise<void> {
    const image = new ImageData(side, side);
    pixels.forEach((value, index) => {
      image.data[4 * index + 3] = Math.round(255 * value);
    });
    const bitmap = await createImageBitmap(image);
    this.#strokes = [];
    this.#pointer = undefined;
    this.#showPicture(bitmap);
    this.#changed();
  }

  /** Draws again, after the ink's colour changed. */
  redraw(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
    }
  }

  #showPicture(bitmap: ImageBitmap | undefined): void {
    this.#picture?.close();
    this.#picture = bitmap;
  }

  #changed(): void {
    this.redraw();
    this.dispatchEvent(new CustomEvent("strokes", { bubbles: true }));
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "pen") this.#penSeen = true;
    // A palm resting beside the pen also touches.
    const palm = this.#penSeen && event.pointerType === "touch";
    if (palm || this.#pointer !== undefined || !event.isPrimary || event.button !== 0) return;
    this.#pointer = event.pointerId;
    // A pointer that has already gone, or one that a script made up, cannot be captured.
    if (event.isTrusted) this.setPointerCapture(event.pointerId);
    if (this.#picture) this.#showPicture(undefined);
    this.#strokes.push([this.#point(event)]);
    this.#changed();
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    const stroke = this.#strokes.at(-1);
    if (stroke === undefined) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    let added = false;
    for (const sample of coalesced.length > 0 ? coalesced : [event]) {
      const point = this.#point(sample);
      const last = stroke.at(-1);
      if (last && Math.hypot(point.x - last.x, point.y - last.y) < LEAST_DISTANCE) continue;
      stroke.push(point);
      added = true;
    }
    if (added) this.#changed();
  }

  #up(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = undefined;
    this.#changed();
  }

  /** The browser took the pointer away (a gesture, a call): the stroke was not meant. */
  #cancel(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = undefined;
    this.#strokes.pop();
    this.#changed();
  }

  #key(event: KeyboardEvent): void {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) this.undo();
    else if (event.key === "Escape" || event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  #point(event: PointerEvent): StrokePoint {
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * PAD_UNITS;
    const y = ((event.clientY - box.top) / box.height) * PAD_UNITS;
    return event.pointerType === "pen" ? { x, y, pressure: event.pressure } : { x, y };
  }

  #draw(): void {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    const context = this.#canvas.getContext("2d");
    if (side === 0 || context === null) return;
    if (this.#canvas.width !== side) this.#canvas.width = this.#canvas.height = side;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    const ink = getComputedStyle(this).color;
    if (this.#picture) drawPicture(context, this.#picture, side, ink);
    context.scale(side / PAD_UNITS, side / PAD_UNITS);
    context.strokeStyle = context.fillStyle = ink;
    for (const stroke of this.#strokes) drawStroke(context, stroke);
  }
}

function drawPicture(context: CanvasRenderingContext2D, picture: ImageBitmap, side: number, ink: string): void {
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, side, side);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = ink;
  context.fillRect(0, 0, side, side);
  context.globalCompositeOperation = "source-over";
}

/** Curves through the middles of the pieces, with the points as control points: smooth, and it never overshoots. */
function drawStroke(context: CanvasRenderingContext2D, stroke: readonly StrokePoint[]): void {
  const [first] = stroke;
  if (first === undefined) return;
  context.lineCap = context.lineJoin = "round";
  if (stroke.length === 1) {
    context.beginPath();
    context.arc(first.x, first.y, inkWidth(first.pressure) / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  if (first.pressure === undefined) {
    context.lineWidth = INK_WIDTH;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const piece of pieces(stroke))
      context.quadraticCurveTo(piece.control.x, piece.control.y, piece.end.x, piece.end.y);
    context.stroke();
    return;
  }
  // A pen's width changes along the stroke: a path for each piece.
  for (const piece of pieces(stroke)) {
    context.lineWidth = inkWidth(piece.control.pressure);
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

function inkWidth(pressure: number | undefined): number {
  if (pressure === undefined) return INK_WIDTH;
  return INK_WIDTH * (1 - PRESSURE_SHARE + 2 * PRESSURE_SHARE * Math.min(1, Math.max(0, pressure)));
}

customElements.define("digit-pad", DigitPad);
