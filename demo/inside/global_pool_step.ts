import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import { channelsOf, featureMap } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { number, showStrip, strongest } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Global pooling: one number of each map, its mean or its largest value. */
export class GlobalPoolStep extends LayerStep {
  readonly #map = new Grid();
  readonly #strip = new Strip((filter) => this.choose(filter));

  constructor(index: number) {
    super(index, "step-global-pool");
    this.element.append(
      this.count,
      make("div", { className: "step-body" }, this.#map.element),
      this.formula,
      this.#strip.element,
    );
  }

  protected render({ model, layer, input }: LayerLook): void {
    const text = tell();
    this.filter ??= strongest(input);
    const filter = Math.min(this.filter, channelsOf(input) - 1);
    const map = featureMap(input, filter);
    const mean = layer.kind === "globalAveragePooling2d";
    const most = magnitude(input.data);
    this.writeHead(
      titleOf(model, this.index),
      mean ? text.inGlobalAverageText : text.inGlobalMaxText,
      text.inRowOf(count(layer.output.data.length)),
    );
    this.#map.label(text.inMapBefore(count(filter + 1)));
    this.#map.paint(map.rows, map.columns, (index) => signed(map.values[index] ?? 0, most));
    const result = number(layer.output.data[filter] ?? 0);
    const sum = map.values.reduce((total, value) => total + value, 0);
    write(
      this.formula,
      mean
        ? `${text.inValuesOf(count(map.values.length), number(sum))} / ${count(map.values.length)} = ${result}`
        : `max = ${result}`,
    );
    showStrip(this.#strip, input, filter);
  }
}
