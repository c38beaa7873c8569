import type { WindowGeometry } from "../../src/core/window_geometry.ts";
import { make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import type { Overlay } from "./live_maps.ts";
import {
  type Cell,
  channelsOf,
  featureMap,
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
import { Numbers } from "./numbers.ts";
import { magnitude, NOT_SHOWN, signed } from "./paint.ts";
import { clamp, number, overGrid, overStrip, showStrip, strongest, times } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Max pooling: which of each window's values stays. */
export class PoolStep extends LayerStep {
  readonly #input = new Grid((place) => this.point(this.#outputPlace(place)));
  readonly #output = new Grid((place) => this.point(place));
  readonly #strip = new Strip((filter) => this.choose(filter));
  readonly #values = new Numbers();
  readonly #winnersOnly = make("input");
  readonly #winnersText = make("span");

  constructor(index: number) {
    super(index, "step-pool");
    this.#winnersOnly.type = "checkbox";
    this.#winnersOnly.addEventListener("change", () => this.renderAgain());
    this.element.append(
      this.count,
      make(
        "div",
        { className: "step-body" },
        this.#input.element,
        make("div", { className: "step-middle" }, this.#values.caption, this.#values.table),
        this.#output.element,
      ),
      this.formula,
      make(
        "div",
        { className: "step-tools" },
        make("label", { className: "check" }, this.#winnersOnly, this.#winnersText),
      ),
      this.#strip.element,
    );
  }

  overlays(): readonly Overlay[] {
    const layer = this.look?.layer.name;
    if (layer === undefined) return [];
    return [...overGrid(this.#output, { layer, channel: this.filter }), ...overStrip(this.#strip, { layer })];
  }

  /** The output whose window this place of the input is in. */
  #outputPlace({ row, column }: Place): Place {
    const g = this.look && windowOf(this.look.model, this.index);
    if (g === undefined) return { row, column };
    return {
      row: clamp(Math.floor((row + g.padTop) / g.strideHeight), g.outHeight - 1),
      column: clamp(Math.floor((column + g.padLeft) / g.strideWidth), g.outWidth - 1),
    };
  }

  protected render({ model, layer, input }: LayerLook): void {
    const g = windowOf(model, this.index);
    if (g === undefined) return;
    const text = tell();
    const { output } = layer;
    this.filter ??= strongest(output);
    const filter = Math.min(this.filter, channelsOf(input) - 1);
    const before = featureMap(input, filter);
    const after = featureMap(output, filter);
    this.place ??= placeOfLargest(after);
    const { place } = this;
    const maximum = layer.kind === "maxPooling2d";
    const most = magnitude(input.data);
    const size = times(g.kernelHeight, g.kernelWidth);
    this.writeHead(
      titleOf(model, this.index),
      maximum ? text.inPoolText(size) : text.inAveragePoolText(size),
      text.inPoolCount(
        times(g.outHeight, g.outWidth, channelsOf(output)),
        count(output.data.length),
        percent(1 - output.data.length / input.data.length),
      ),
    );
    write(this.#winnersText, text.inWinnersOnly);
    this.#winnersText.parentElement?.toggleAttribute("hidden", !maximum);

    const window = windowAt(g, place);
    const cells = poolWindow(g, before, place);
    const winner = largestOf(cells);
    const kept = maximum && this.#winnersOnly.checked ? winners(g, before) : undefined;
    this.#input.label(text.inMapBefore(count(filter + 1)));
    this.#input.paint(before.rows, before.columns, (index) =>
      kept === undefined || kept.has(index) ? signed(before.values[index] ?? 0, most) : NOT_SHOWN,
    );
    this.#input.place = { row: window.row, column: window.column };
    this.#input.mark("window", window);
    this.#input.mark("cursor", maximum ? { ...winner.place, rows: 1, columns: 1 } : undefined);

    this.#showWindow(g, cells, { most, winner: maximum ? winner : undefined });
    const inside = cells.filter(({ value }) => Number.isFinite(value));
    const listed = inside.map(({ value }) => number(value)).join("; ");
    write(this.formula, `${maximum ? "max" : text.inMean}(${listed}) = ${number(valueAt(after, place))}`);
    this.#output.label(text.inMapAfter(count(filter + 1)));
    this.#output.paint(after.rows, after.columns, (index) => signed(after.values[index] ?? 0, most));
    this.#output.cursor = place;
    showStrip(this.#strip, output, filter);
  }

  /** The window's values; padding has none. */
  #showWindow(
    g: WindowGeometry,
    cells: readonly Cell[],
    { most, winner }: { most: number; winner: Cell | undefined },
  ): void {
    const text = tell();
    const caption = winner ? text.inPoolWindow : text.inAveragePoolWindow;
    this.#values.show(caption, g.kernelHeight, g.kernelWidth, (row, column) => {
      const cell = cells[row * g.kernelWidth + column];
      const value = cell && Number.isFinite(cell.value) ? cell.value : undefined;
      return {
        color: signed(value ?? 0, most),
        text: value === undefined ? "" : number(value),
        outlined: cell !== undefined && cell === winner,
      };
    });
  }
}
