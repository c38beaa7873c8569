import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import { channelsOf, featureMap, inputOf } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { type Look, number, type Step, section, showStrip, strongest } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Global pooling: one number of each map, its mean or its largest value. */
export class GlobalPoolStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-global-pool");
  readonly #count = make("p", { className: "step-count" });
  readonly #map = new Grid();
  readonly #formula = make("p", { className: "step-formula" });
  readonly #strip: Strip;
  #filter: number | undefined;
  #look: Look | undefined;

  constructor(index: number) {
    this.#index = index;
    this.element = this.#parts.element;
    this.#strip = new Strip((filter) => {
      this.#filter = filter;
      if (this.#look) this.show(this.#look);
    });
    this.element.append(
      this.#count,
      make("div", { className: "step-body" }, this.#map.element),
      this.#formula,
      this.#strip.element,
    );
  }

  show(look: Look): void {
    this.#look = look;
    const layer = look.inspection.layers[this.#index];
    if (layer === undefined) return;
    const text = tell();
    const input = inputOf(look.model, look.inspection, this.#index);
    this.#filter ??= strongest(input);
    const filter = Math.min(this.#filter, channelsOf(input) - 1);
    const map = featureMap(input, filter);
    const mean = layer.kind === "globalAveragePooling2d";
    const most = magnitude(input.data);
    write(this.#parts.title, titleOf(look.model, this.#index));
    write(this.#parts.text, mean ? text.inGlobalAverageText : text.inGlobalMaxText);
    write(this.#count, text.inRowOf(count(layer.output.data.length)));
    this.#map.label(text.inMapBefore(count(filter + 1)));
    this.#map.paint(map.rows, map.columns, (index) => signed(map.values[index] ?? 0, most));
    const result = number(layer.output.data[filter] ?? 0);
    const sum = map.values.reduce((total, value) => total + value, 0);
    write(
      this.#formula,
      mean
        ? `${text.inValuesOf(count(map.values.length), number(sum))} / ${count(map.values.length)} = ${result}`
        : `max = ${result}`,
    );
    showStrip(this.#strip, input, filter);
  }
}
