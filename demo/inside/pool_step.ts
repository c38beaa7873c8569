import type { WindowGeometry } from "../../src/core/window_geometry.ts";
import { announce, make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import type { Overlay } from "./live_maps.ts";
import {
  channelsOf,
  featureMap,
  inputOf,
  largestOf,
  type Place,
  placeOfLargest,
  poolWindow,
  valueAt,
  windowAt,
  windowOf,
  winners,
} from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, NOT_SHOWN, signed } from "./paint.ts";
import {
  clamp,
  type Look,
  number,
  overGrid,
  overStrip,
  type Step,
  section,
  showNumbers,
  showStrip,
  strongest,
  times,
} from "./step.ts";
import { titleOf } from "./titles.ts";

/** Max pooling: which of each window's values stays. */
export class PoolStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-pool");
  readonly #input: Grid;
  readonly #output: Grid;
  readonly #strip: Strip;
  readonly #count = make("p", { className: "step-count" });
  readonly #values = make("table", { className: "numbers" });
  readonly #valuesCaption = make("p", { className: "caption" });
  readonly #formula = make("p", { className: "step-formula" });
  readonly #winnersOnly = make("input");
  readonly #winnersText = make("span");
  #filter: number | undefined;
  #place: Place | undefined;
  #look: Look | undefined;

  constructor(index: number) {
    this.#index = index;
    this.element = this.#parts.element;
    const point = (place: Place) => {
      this.#place = place;
      this.#render();
      announce(this.#formula.textContent ?? "");
    };
    this.#input = new Grid(({ row, column }) => {
      const g = this.#geometry();
      if (g === undefined) return;
      point({
        row: clamp(Math.floor((row + g.padTop) / g.strideHeight), g.outHeight - 1),
        column: clamp(Math.floor((column + g.padLeft) / g.strideWidth), g.outWidth - 1),
      });
    });
    this.#output = new Grid(point);
    this.#strip = new Strip((filter) => this.choose(filter));
    this.#winnersOnly.type = "checkbox";
    this.#winnersOnly.addEventListener("change", () => this.#render());
    this.element.append(
      this.#count,
      make(
        "div",
        { className: "step-body" },
        this.#input.element,
        make("div", { className: "step-middle" }, this.#valuesCaption, this.#values),
        this.#output.element,
      ),
      this.#formula,
      make(
        "div",
        { className: "step-tools" },
        make("label", { className: "check" }, this.#winnersOnly, this.#winnersText),
      ),
      this.#strip.element,
    );
  }

  /** Looks at another map; the convolution before it does so too. */
  choose(filter: number): void {
    this.#filter = filter;
    this.#render();
  }

  forget(): void {
    this.#place = undefined;
  }

  show(look: Look): void {
    this.#look = look;
    this.#render();
  }

  overlays(): readonly Overlay[] {
    const layer = this.#look?.model.layers[this.#index]?.name;
    if (layer === undefined) return [];
    return [...overGrid(this.#output, { layer, channel: this.#filter }), ...overStrip(this.#strip, { layer })];
  }

  #geometry(): WindowGeometry | undefined {
    return this.#look && windowOf(this.#look.model, this.#index);
  }

  #render(): void {
    const look = this.#look;
    const g = this.#geometry();
    const layer = look?.inspection.layers[this.#index];
    if (look === undefined || g === undefined || layer === undefined) return;
    const text = tell();
    const input = inputOf(look.model, look.inspection, this.#index);
    this.#filter ??= strongest(layer.output);
    const filter = Math.min(this.#filter, channelsOf(input) - 1);
    const before = featureMap(input, filter);
    const after = featureMap(layer.output, filter);
    this.#place ??= placeOfLargest(after);
    const place = this.#place;
    const window = windowAt(g, place);
    const maximum = layer.kind === "maxPooling2d";
    const cells = poolWindow(g, before, place);
    const winner = largestOf(cells);
    const most = magnitude(input.data);
    const outputs = layer.output.data.length;

    write(this.#parts.title, titleOf(look.model, this.#index));
    const size = times(g.kernelHeight, g.kernelWidth);
    write(this.#parts.text, maximum ? text.inPoolText(size) : text.inAveragePoolText(size));
    write(
      this.#count,
      text.inPoolCount(
        times(g.outHeight, g.outWidth, channelsOf(layer.output)),
        count(outputs),
        percent(1 - outputs / input.data.length),
      ),
    );
    this.#input.label(text.inMapBefore(count(filter + 1)), `${text.inMapBefore(count(filter + 1))}. ${text.inArrows}`);
    write(this.#winnersText, text.inWinnersOnly);
    this.#winnersText.parentElement?.toggleAttribute("hidden", !maximum);
    const kept = maximum && this.#winnersOnly.checked ? winners(g, before) : undefined;
    this.#input.paint(before.rows, before.columns, (index) =>
      kept === undefined || kept.has(index) ? signed(before.values[index] ?? 0, most) : NOT_SHOWN,
    );
    this.#input.place = { row: window.row, column: window.column };
    this.#input.mark("window", window);
    this.#input.mark("cursor", maximum ? { ...winner.place, rows: 1, columns: 1 } : undefined);
    showNumbers(this.#values, g.kernelHeight, g.kernelWidth, (row, column) => {
      const cell = cells[row * g.kernelWidth + column];
      const value = cell && Number.isFinite(cell.value) ? cell.value : undefined;
      return { color: signed(value ?? 0, most), text: value === undefined ? "" : number(value) };
    });
    write(this.#valuesCaption, maximum ? text.inPoolWindow : text.inAveragePoolWindow);
    this.#values.ariaLabel = this.#valuesCaption.textContent;
    for (const [index, cell] of cells.entries()) {
      const at = this.#values.rows[Math.floor(index / g.kernelWidth)]?.cells[index % g.kernelWidth];
      at?.classList.toggle("winner", maximum && cell === winner);
    }
    const inside = cells.filter(({ value }) => Number.isFinite(value));
    const listed = inside.map(({ value }) => number(value)).join("; ");
    const result = number(valueAt(after, place));
    write(this.#formula, maximum ? `max(${listed}) = ${result}` : `${text.inMean}(${listed}) = ${result}`);
    this.#output.label(text.inMapAfter(count(filter + 1)), `${text.inMapAfter(count(filter + 1))}. ${text.inArrows}`);
    this.#output.paint(after.rows, after.columns, (index) => signed(after.values[index] ?? 0, most));
    this.#output.place = place;
    this.#output.mark("cursor", { ...place, rows: 1, columns: 1 });
    showStrip(this.#strip, layer.output, filter);
  }
}
