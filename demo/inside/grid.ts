/** A picture of numbers that can be pointed at: with the mouse, a finger, or the arrow keys. */
import { make } from "../dom.ts";
import type { Area, Place } from "./maps.ts";
import { tell } from "./messages.ts";
import { paint, type Rgb } from "./paint.ts";

/** Of a side of a picture over a whole strip. */
const MOST_PIXELS = 8000;

export class Grid {
  readonly element: HTMLElement;
  readonly #canvas = make("canvas");
  readonly #frame = make("div", { className: "grid-frame" });
  readonly #caption = make("figcaption");
  #rows = 1;
  #columns = 1;
  #place: Place = { row: 0, column: 0 };
  readonly #marks = new Map<string, HTMLElement>();

  /** Without `onPlace` it only shows. */
  constructor(onPlace?: (place: Place) => void) {
    this.#frame.append(this.#canvas);
    this.element = make("figure", { className: "grid" }, this.#caption, this.#frame);
    this.#canvas.setAttribute("role", "img");
    if (onPlace === undefined) return;
    const go = (place: Place) => {
      const row = Math.min(Math.max(place.row, 0), this.#rows - 1);
      const column = Math.min(Math.max(place.column, 0), this.#columns - 1);
      if (row !== this.#place.row || column !== this.#place.column) onPlace({ row, column });
    };
    this.#frame.tabIndex = 0;
    // Arrow keys reach the page only in a role of its own kind.
    this.#frame.setAttribute("role", "application");
    this.#canvas.ariaHidden = "true";
    const point = (event: PointerEvent) => {
      const box = this.#frame.getBoundingClientRect();
      go({
        row: Math.floor(((event.clientY - box.top) / box.height) * this.#rows),
        column: Math.floor(((event.clientX - box.left) / box.width) * this.#columns),
      });
    };
    this.#frame.addEventListener("pointermove", point);
    this.#frame.addEventListener("pointerdown", point);
    this.#frame.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      go({ row: this.#place.row + (step[0] ?? 0), column: this.#place.column + (step[1] ?? 0) });
    });
  }

  /** The figure's heading, which assistive technology calls the picture too. */
  label(caption: string): void {
    this.#caption.textContent = caption;
    if (this.#frame.hasAttribute("role")) this.#frame.ariaLabel = `${caption}. ${tell().inArrows}`;
    else this.#canvas.ariaLabel = caption;
  }

  paint(rows: number, columns: number, color: (index: number) => Rgb): void {
    this.#rows = rows;
    this.#columns = columns;
    this.#frame.style.aspectRatio = `${columns} / ${rows}`;
    paint(this.#canvas, rows, columns, color);
  }

  /** What another picture of the same size can be laid over. */
  get frame(): HTMLElement {
    return this.#frame;
  }

  /** Where the arrow keys start from. */
  set place(place: Place) {
    this.#place = place;
  }

  /** The place that is looked at, outlined. */
  set cursor(place: Place) {
    this.#place = place;
    this.mark("cursor", { ...place, rows: 1, columns: 1 });
  }

  /** Outlines an area, one of each name; undefined takes it away. It may reach beyond the edges. */
  mark(name: string, area: Area | undefined): void {
    let mark = this.#marks.get(name);
    if (mark === undefined) {
      mark = make("div", { className: `grid-mark ${name}` });
      this.#marks.set(name, mark);
      this.#frame.append(mark);
    }
    mark.hidden = area === undefined;
    if (area === undefined) return;
    const share = (part: number, whole: number) => `${(100 * part) / whole}%`;
    mark.style.top = share(area.row, this.#rows);
    mark.style.left = share(area.column, this.#columns);
    mark.style.height = share(area.rows, this.#rows);
    mark.style.width = share(area.columns, this.#columns);
  }
}

/** One of several: a row of small pictures, chosen with a click or the arrow keys. */
export class Strip {
  readonly element: HTMLElement;
  readonly #onChoose: (index: number) => void;
  #buttons: HTMLButtonElement[] = [];
  #chosen = 0;

  constructor(onChoose: (index: number) => void) {
    this.#onChoose = onChoose;
    this.element = make("div", { className: "strip" });
    this.element.setAttribute("role", "radiogroup");
    this.element.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = (this.#chosen + step + this.#buttons.length) % this.#buttons.length;
      this.#onChoose(next);
      this.#buttons[next]?.focus();
    });
  }

  /** How the pictures lie, in pixels of the display, for one large picture over them all; undefined while they have no size. */
  get layout(): { columns: number; mapWidth: number; gap: number } | undefined {
    const [first, second] = this.#buttons.map(({ firstElementChild }) => firstElementChild?.getBoundingClientRect());
    if (first === undefined || first.width === 0) return undefined;
    const columns = getComputedStyle(this.element).gridTemplateColumns.split(" ").length;
    const pitch = second && columns > 1 ? second.left - first.left : first.width;
    // Hundreds of maps on a narrow screen are drawn coarser, not refused.
    const scale = Math.min(devicePixelRatio, MOST_PIXELS / this.element.offsetHeight);
    return { columns, mapWidth: first.width * scale, gap: (pitch - first.width) * scale };
  }

  /** `draw` paints a small picture, or returns a text. */
  show(options: {
    count: number;
    chosen: number;
    label: string;
    name: (index: number) => string;
    draw: (index: number, canvas: HTMLCanvasElement) => void;
  }): void {
    this.element.ariaLabel = options.label;
    this.#chosen = options.chosen;
    if (this.#buttons.length !== options.count) {
      this.#buttons = Array.from({ length: options.count }, (_, index) => {
        const button = make("button", {}, make("canvas"));
        button.type = "button";
        button.setAttribute("role", "radio");
        button.addEventListener("click", () => this.#onChoose(index));
        return button;
      });
      this.element.replaceChildren(...this.#buttons);
    }
    this.#buttons.forEach((button, index) => {
      const chosen = index === options.chosen;
      button.ariaChecked = String(chosen);
      button.tabIndex = chosen ? 0 : -1;
      button.ariaLabel = options.name(index);
      button.title = options.name(index);
      const canvas = button.firstElementChild;
      if (canvas instanceof HTMLCanvasElement) options.draw(index, canvas);
    });
  }
}
