/**
 * The square of <digit-pad> that is drawn on, with mouse, pen, finger or keys. Strokes are kept as vectors, in a square of
 * PAD_UNITS × PAD_UNITS whatever the size on the screen.
 *
 * Keys, while it has the focus: the arrows move a pen, Space and Enter put it down and lift it, Ctrl+Z undoes, Escape and
 * Delete clear. A pen's own eraser end erases. `color` is the ink.
 */

import type { Stroke, StrokePoint } from "../data/stroke.ts";
import { type Drawn, drawPicture, drawStroke, isTouched } from "./ink.ts";

/** Side of the pad in the units of its points. */
export const PAD_UNITS = 280;
/** Pen width in pad units, at first; MNIST's strokes are about a tenth of the digit's 20 pixels. */
export const PEN_WIDTH = 20;
/** A point closer than this to the last one says nothing new. */
const LEAST_DISTANCE = 0.75;
/** How near a stroke must pass to the eraser's point to go, beyond half its own width. */
const ERASER = 6;
/** How far an arrow key moves the pen: a pixel of the network's picture; with Shift three. */
const KEY_STEP = PAD_UNITS / 28;
/** A pen's eraser: bit of `PointerEvent.buttons`, number of `PointerEvent.button` (Pointer Events, section 10.1). */
const ERASER_BIT = 32;
const ERASER_BUTTON = 5;

const MIDDLE: StrokePoint = { x: PAD_UNITS / 2, y: PAD_UNITS / 2 };

/** A grey picture in the place of strokes. */
interface Picture {
  readonly pixels: Float32Array;
  readonly bitmap: ImageBitmap;
}

/** Who hears of the drawing. */
export interface SurfaceListener {
  /** The drawing changed. */
  changed(): void;
  /** The keyboard's pen went down or up. */
  pen(): void;
}

export class Surface {
  /** What takes the focus. */
  readonly element = document.createElement("div");
  readonly #canvas = document.createElement("canvas");
  readonly #host: HTMLElement;
  readonly #listener: SurfaceListener;
  #strokes: readonly Drawn[] = [];
  /** The drawing before each change since it was last empty; what `undo` goes back to. */
  #history: (readonly Drawn[])[] = [];
  #penWidth = PEN_WIDTH;
  #pointer: number | undefined;
  /** Whether the pointer that is down is a finger, or a palm. */
  #touching = false;
  #penSeen = false;
  #picture: Picture | undefined;
  #frame = 0;
  #erasing = false;
  #disabled = false;
  /** Whether the pointer that is down erases. */
  #rubbing = false;
  /** The keyboard's pen; undefined until an arrow key is pressed. */
  #cursor: StrokePoint | undefined;
  #penDown = false;
  readonly #resized = new ResizeObserver(() => this.#draw());

  constructor(host: HTMLElement, listener: SurfaceListener) {
    this.#host = host;
    this.#listener = listener;
    const { element } = this;
    element.part.add("surface");
    // A screen reader then leaves the arrow keys to the pad.
    element.role = "application";
    element.tabIndex = 0;
    this.#canvas.role = "img";
    element.append(this.#canvas);
    const pointer = {
      pointerdown: (event: PointerEvent) => this.#down(event),
      pointermove: (event: PointerEvent) => this.#move(event),
      pointerup: (event: PointerEvent) => this.#up(event),
      pointercancel: (event: PointerEvent) => this.#cancel(event),
    };
    for (const [type, listen] of Object.entries(pointer)) {
      host.addEventListener(type, (event) => {
        // The element's own buttons are beside the surface.
        const path = event.composedPath();
        if (event instanceof PointerEvent && (path[0] === host || path.includes(element))) listen(event);
      });
    }
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focus", () => {
      // Whoever came by Tab sees at once where the pen is.
      if (element.matches(":focus-visible")) this.#cursor ??= MIDDLE;
      this.redraw();
    });
    element.addEventListener("blur", () => {
      this.#liftPen();
      this.#cursor = undefined;
      this.redraw();
    });
    // iPadOS "Scribble" takes a Pencil's strokes for handwriting and swallows their pointer events unless the touch
    // events are cancelled (szimek/signature_pad #518).
    for (const touch of ["touchstart", "touchmove"])
      element.addEventListener(touch, (event) => event.preventDefault(), { passive: false });
  }

  connect(): void {
    this.#resized.observe(this.element);
    this.redraw();
  }

  disconnect(): void {
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** The strokes drawn so far, oldest first; the one under the pen included. */
  get strokes(): readonly Stroke[] {
    return this.#strokes;
  }

  get empty(): boolean {
    return this.#strokes.length === 0 && this.#picture === undefined;
  }

  /** Whether pointers take away the strokes that they touch, instead of drawing. */
  get erasing(): boolean {
    return this.#erasing;
  }

  set erasing(erasing: boolean) {
    this.#erasing = erasing;
    this.element.style.cursor = erasing ? "cell" : "";
  }

  /** Width of the pen for the next strokes, in pad units. */
  get penWidth(): number {
    return this.#penWidth;
  }

  set penWidth(width: number) {
    this.#penWidth = width;
    this.redraw();
  }

  /** Whether `undo` has something to take back. */
  get undoable(): boolean {
    return this.#history.length > 0 || this.#picture !== undefined;
  }

  /** Whether the keyboard's pen draws. */
  get penDown(): boolean {
    return this.#penDown;
  }

  /** What assistive technology calls the drawing. */
  get label(): string {
    return this.#canvas.ariaLabel ?? "";
  }

  set label(text: string) {
    this.#canvas.ariaLabel = text;
  }

  /** Whether nothing can be drawn. */
  set disabled(disabled: boolean) {
    this.#disabled = disabled;
    this.element.tabIndex = disabled ? -1 : 0;
    this.element.ariaDisabled = String(disabled);
    this.#pointer = undefined;
    this.#liftPen();
  }

  /** The picture that is shown in the place of strokes, 0…1, row by row. */
  get shown(): Float32Array | undefined {
    return this.#picture?.pixels;
  }

  /** Takes the last stroke back, or what was erased last, or the picture. */
  undo(): void {
    this.#liftPen();
    if (this.#picture) this.#showPicture(undefined);
    else this.#strokes = this.#history.pop() ?? [];
    this.#changed();
  }

  clear(): void {
    this.#liftPen();
    this.#strokes = [];
    this.#history = [];
    this.#pointer = undefined;
    this.#showPicture(undefined);
    this.#changed();
  }

  /** Takes strokes as if they had been drawn. */
  restore(strokes: readonly Drawn[]): void {
    this.#strokes = strokes;
    this.#history = strokes.map((_, index) => strokes.slice(0, index));
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
    this.#liftPen();
    this.#strokes = [];
    this.#history = [];
    this.#pointer = undefined;
    this.#showPicture({ pixels, bitmap });
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

  #showPicture(picture: Picture | undefined): void {
    this.#picture?.bitmap.close();
    this.#picture = picture;
  }

  #changed(): void {
    this.redraw();
    this.#listener.changed();
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "pen") this.#penSeen = true;
    // A palm resting beside the pen also touches.
    const palm = this.#penSeen && event.pointerType === "touch";
    const rubbing = this.#erasing || event.button === ERASER_BUTTON || (event.buttons & ERASER_BIT) !== 0;
    const drawing = event.button === 0 || event.button === ERASER_BUTTON;
    if (palm || !event.isPrimary || !drawing || this.#disabled) return;
    if (this.#pointer !== undefined) {
      // The palm often lands before the first stroke of a pen: what it drew goes, and the pen draws.
      if (event.pointerType !== "pen" || !this.#touching) return;
      this.#takeBack();
    }
    this.#pointer = event.pointerId;
    this.#touching = event.pointerType === "touch";
    // A pointer that has already gone, or one that a script made up, cannot be captured.
    if (event.isTrusted) this.#host.setPointerCapture(event.pointerId);
    this.#liftPen();
    this.#cursor = undefined;
    this.#rubbing = rubbing;
    if (rubbing) {
      this.#erase(this.#point(event));
      return;
    }
    this.#begin(this.#point(event));
  }

  /** A new stroke from a point; a picture makes way for it. */
  #begin(point: StrokePoint): void {
    this.#showPicture(undefined);
    this.#history.push(this.#strokes);
    this.#strokes = [...this.#strokes, { points: [point], width: this.#penWidth }];
    this.#changed();
  }

  #erase(at: StrokePoint): void {
    const kept = this.#strokes.filter((stroke) => !isTouched(stroke, at, ERASER));
    if (kept.length === this.#strokes.length && this.#picture === undefined) return;
    if (this.#picture === undefined) this.#history.push(this.#strokes);
    this.#strokes = kept;
    this.#showPicture(undefined);
    this.#changed();
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    if (this.#rubbing) {
      this.#erase(this.#point(event));
      return;
    }
    const stroke = this.#strokes.at(-1)?.points;
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
    if (event.pointerId === this.#pointer) this.#takeBack();
  }

  /** Ends the stroke under way as if it had never begun. */
  #takeBack(): void {
    this.#pointer = undefined;
    if (this.#rubbing) return;
    this.#strokes = this.#history.pop() ?? [];
    this.#changed();
  }

  #key(event: KeyboardEvent): void {
    if (this.#disabled) return;
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (step) this.#movePen((step[0] ?? 0) * KEY_STEP, (step[1] ?? 0) * KEY_STEP, event.shiftKey ? 3 : 1);
    else if (event.key === " " || event.key === "Enter") this.#togglePen();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) this.undo();
    else if (event.key === "Escape" || event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  #movePen(dx: number, dy: number, steps: number): void {
    const half = this.#penWidth / 2;
    const within = (value: number) => Math.min(Math.max(value, half), PAD_UNITS - half);
    const { x, y } = this.#cursor ?? MIDDLE;
    this.#cursor = { x: within(x + dx * steps), y: within(y + dy * steps) };
    if (this.#penDown) {
      this.#strokes.at(-1)?.points.push(this.#cursor);
      this.#changed();
    } else this.redraw();
  }

  #togglePen(): void {
    if (this.#penDown) {
      this.#liftPen();
      return;
    }
    this.#cursor ??= MIDDLE;
    this.#penDown = true;
    this.#begin(this.#cursor);
    this.#listener.pen();
  }

  #liftPen(): void {
    if (!this.#penDown) return;
    this.#penDown = false;
    this.#listener.pen();
    this.redraw();
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
    const ink = getComputedStyle(this.element).color;
    if (this.#picture) drawPicture(context, this.#picture.bitmap, side, ink);
    context.scale(side / PAD_UNITS, side / PAD_UNITS);
    context.strokeStyle = context.fillStyle = ink;
    context.setLineDash([]);
    for (const stroke of this.#strokes) drawStroke(context, stroke);
    if (this.#cursor) this.#drawCursor(context, this.#cursor);
  }

  /** A ring around the keyboard's pen, dashed while it is lifted. */
  #drawCursor(context: CanvasRenderingContext2D, { x, y }: StrokePoint): void {
    context.lineWidth = 2;
    context.setLineDash(this.#penDown ? [] : [5, 4]);
    context.beginPath();
    context.arc(x, y, this.#penWidth / 2 + 3, 0, 2 * Math.PI);
    context.stroke();
  }
}
