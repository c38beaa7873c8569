import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid } from "./grid.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import { placeOfLargest } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { number, times } from "./step.ts";

/** Flattening: the maps' values in one long row, place after place, and at each place map after map. */
export class FlattenStep extends LayerStep {
  readonly #row = new Grid((place) => this.point(place));

  constructor(index: number) {
    super(index, "step-flatten");
    this.element.append(this.count, make("div", { className: "step-body" }, this.#row.element), this.formula);
  }

  protected render({ layer, input }: LayerLook): void {
    const text = tell();
    const [rows = 1, columns = 1, channels = 1] = input.shape;
    const { data } = layer.output;
    // As the lines of a page: a line a place of the maps, and in it a value a map.
    const lines = { rows: rows * columns, columns: channels, values: data };
    this.place ??= placeOfLargest(lines);
    const { row, column } = this.place;
    const most = magnitude(data);
    this.writeHead(
      text.inFlattenTitle,
      text.inFlattenText(count(channels)),
      text.inFlattenCount(times(rows, columns, channels), count(data.length)),
    );
    this.#row.label(text.inFlattenLines(count(lines.rows), count(channels)));
    this.#row.paint(lines.rows, channels, (index) => signed(data[index] ?? 0, most));
    this.#row.cursor = this.place;
    const index = row * channels + column;
    write(
      this.formula,
      text.inFlattenValue(
        [index, data.length - 1, column, Math.floor(row / columns), row % columns].map((value) => count(value + 1)),
        number(data[index] ?? 0),
      ),
    );
  }
}
