import { announce, make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid } from "./grid.ts";
import { inputOf, type Place, placeOfLargest } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { type Look, number, type Step, section, times } from "./step.ts";

/** Flattening: the maps' values in one long row, place after place, and at each place map after map. */
export class FlattenStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-flatten");
  readonly #count = make("p", { className: "step-count" });
  readonly #row: Grid;
  readonly #formula = make("p", { className: "step-formula" });
  #place: Place | undefined;
  #look: Look | undefined;

  constructor(index: number) {
    this.#index = index;
    this.element = this.#parts.element;
    this.#row = new Grid((place) => {
      this.#place = place;
      this.#render();
      announce(this.#formula.textContent ?? "");
    });
    this.element.append(this.#count, make("div", { className: "step-body" }, this.#row.element), this.#formula);
  }

  forget(): void {
    this.#place = undefined;
  }

  show(look: Look): void {
    this.#look = look;
    this.#render();
  }

  #render(): void {
    const look = this.#look;
    const layer = look?.inspection.layers[this.#index];
    if (look === undefined || layer === undefined) return;
    const text = tell();
    const [rows = 1, columns = 1, channels = 1] = inputOf(look.model, look.inspection, this.#index).shape;
    const { data } = layer.output;
    // As the lines of a page: a line a place of the maps, and in it a value a map.
    const lines = { rows: rows * columns, columns: channels, values: data };
    this.#place ??= placeOfLargest(lines);
    const { row, column } = this.#place;
    const most = magnitude(data);
    write(this.#parts.title, text.inFlattenTitle);
    write(this.#parts.text, text.inFlattenText(count(channels)));
    write(this.#count, text.inFlattenCount(times(rows, columns, channels), count(data.length)));
    const caption = text.inFlattenLines(count(lines.rows), count(channels));
    this.#row.label(caption, `${caption}. ${text.inArrows}`);
    this.#row.paint(lines.rows, channels, (index) => signed(data[index] ?? 0, most));
    this.#row.place = this.#place;
    this.#row.mark("cursor", { row, column, rows: 1, columns: 1 });
    const index = row * channels + column;
    write(
      this.#formula,
      text.inFlattenValue(
        [index, data.length - 1, column, Math.floor(row / columns), row % columns].map((value) => count(value + 1)),
        number(data[index] ?? 0),
      ),
    );
  }
}
