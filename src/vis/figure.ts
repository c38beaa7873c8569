import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { type Ink, inkOf } from "./ink.ts";
import { type VisWords, wordsOf } from "./words.ts";

/** A picture on a page, with its table. */
export interface Shown<Data> {
  /** What was added to the page's element: its only child. */
  readonly element: HTMLElement;
  /** Shows other data in the same place. */
  update(data: Data): void;
  /** Takes it off the page, and lets go of what it follows. */
  dispose(): void;
}

/** A table: what a canvas shows, for those who cannot see it, and for copying. */
export interface TableData {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first of each row names it. */
  readonly rows: readonly (readonly string[])[];
}

/** What is drawn, and what is said of it. */
export interface Picture {
  /** The canvas in a sentence. */
  readonly label: string;
  readonly table: TableData;
  /** Whether the table is open from the start. */
  readonly open?: boolean;
  /** Height of the canvas for a width, in CSS pixels. */
  height(width: number): number;
  draw(pen: Pen): void;
}

/** A canvas in CSS pixels, and its colours. */
export interface Pen extends Ink {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

/** Numbers and sentences of the language around the picture. */
export interface Speech {
  readonly words: VisWords;
  /** A number with four digits, "NaN" and "∞" as they are. */
  number(value: number): string;
  percent(value: number): string;
  /** All digits, in groups. */
  whole(value: number): string;
}

const STYLE = `
:host { display: block; line-height: 1.4; }
figure { margin: 0; }
canvas { display: block; width: 100%; }
details { margin-top: 8px; }
summary { cursor: pointer; min-height: 24px; }
summary:focus-visible, .scroll:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.scroll { max-height: 24em; overflow: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding: 4px 0; }
th, td { padding: 2px 12px 2px 0; text-align: end; white-space: nowrap; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th:first-child { text-align: start; }
th { font-weight: 600; }
tbody th { font-weight: inherit; }
`;

let sheet: CSSStyleSheet | undefined;

function styleSheet(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

/** What stands in an element now. */
const standing = new WeakMap<Element, { dispose(): void }>();

/**
 * Shows data in an element, in the place of what it has: a canvas that follows the element's width and the page's colours, and a
 * table. `picture` makes both of the data.
 */
export function show<Data>(
  call: string,
  element: HTMLElement,
  data: Data,
  picture: (data: Data, speech: Speech) => Picture,
): Shown<Data> & { redraw(): void } {
  if (!(element instanceof HTMLElement)) {
    throw new ArgumentError(`${call}: wants an element of the page to draw in, got ${describeValue(element)}.`);
  }
  const speech = speechOf(element);
  // What is wrong with the data is told before the page is touched.
  let now = picture(data, speech);
  standing.get(element)?.dispose();
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styleSheet()];
  const canvas = document.createElement("canvas");
  canvas.role = "img";
  const table = new Table(speech.words);
  const figure = document.createElement("figure");
  figure.append(canvas, table.element);
  root.append(figure);
  let frame = 0;
  const paint = () => {
    frame = 0;
    draw(host, canvas, now);
  };
  const redraw = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const write = () => {
    canvas.ariaLabel = now.label;
    table.write(now.table);
    redraw();
  };
  table.open = now.open === true;
  const resized = new ResizeObserver(redraw);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const shown = {
    element: host,
    redraw,
    update(given: Data) {
      now = picture(given, speech);
      write();
    },
    dispose() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      scheme.removeEventListener("change", redraw);
      host.remove();
      if (standing.get(element) === shown) standing.delete(element);
    },
  };
  standing.set(element, shown);
  element.replaceChildren(host);
  resized.observe(host);
  scheme.addEventListener("change", redraw);
  write();
  return shown;
}

function draw(host: HTMLElement, canvas: HTMLCanvasElement, picture: Picture): void {
  const context = canvas.getContext("2d");
  const width = host.clientWidth;
  if (context === null || width === 0) return;
  const height = Math.round(picture.height(width));
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const ink = inkOf(host, context);
  context.clearRect(0, 0, width, height);
  context.font = `12px ${getComputedStyle(host).fontFamily}`;
  context.textBaseline = "middle";
  context.fillStyle = context.strokeStyle = ink.text;
  picture.draw({ context, width, height, ...ink });
}

class Table {
  readonly element = document.createElement("details");
  readonly #table = document.createElement("table");
  readonly #scroll = document.createElement("div");
  #text = "";

  constructor(words: VisWords) {
    const summary = document.createElement("summary");
    summary.textContent = words.table;
    this.#scroll.className = "scroll";
    // Keys scroll it.
    this.#scroll.tabIndex = 0;
    this.#scroll.role = "region";
    this.#scroll.append(this.#table);
    this.element.append(summary, this.#scroll);
  }

  set open(open: boolean) {
    this.element.open = open;
  }

  write({ caption, head, rows }: TableData): void {
    const text = JSON.stringify([caption, head, rows]);
    if (text === this.#text) return;
    this.#text = text;
    this.#scroll.ariaLabel = caption;
    const title = this.#table.createCaption();
    title.textContent = caption;
    const thead = document.createElement("thead");
    const names = thead.insertRow();
    for (const name of head) names.append(headerCell("col", name));
    const tbody = document.createElement("tbody");
    for (const [name = "", ...cells] of rows) {
      const row = tbody.insertRow();
      row.append(headerCell("row", name));
      for (const cell of cells) row.insertCell().textContent = cell;
    }
    this.#table.replaceChildren(title, thead, tbody);
  }
}

function headerCell(scope: "col" | "row", text: string): HTMLTableCellElement {
  const cell = document.createElement("th");
  cell.scope = scope;
  cell.textContent = text;
  return cell;
}

function speechOf(element: HTMLElement): Speech {
  const language = element.closest<HTMLElement>("[lang]")?.lang || "en";
  const digits = new Intl.NumberFormat(language, { maximumSignificantDigits: 4 });
  const whole = new Intl.NumberFormat(language);
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  return {
    words: wordsOf(language),
    whole: (value) => whole.format(value),
    number: (value) => (Number.isFinite(value) ? digits.format(value) : String(value)),
    percent: (value) => (Number.isFinite(value) ? share.format(value) : String(value)),
  };
}
