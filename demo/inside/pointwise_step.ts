import type { Inspection, PlacedLayer } from "../../src/index.ts";
import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import type { Overlay } from "./live_maps.ts";
import { channelsOf, featureMap, inputsOf, placeOfLargest, type Values, valueAt } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { bracketed, number, overStrip, showStrip, strongest, times } from "./step.ts";
import { titleOf, titleOfNamed } from "./titles.ts";

/** A layer that works on every value by itself: activation, batch normalisation, addition of two ways, dropout. */
export class PointwiseStep extends LayerStep {
  readonly #body = make("div", { className: "step-body" });
  readonly #inputs: Grid[] = [];
  readonly #output = new Grid((place) => this.point(place));
  readonly #strip = new Strip((filter) => this.choose(filter));

  constructor(index: number) {
    super(index, "step-pointwise");
    this.element.append(this.count, this.#body, this.formula, this.#strip.element);
  }

  overlays(): readonly Overlay[] {
    // The large pictures share one range of colours, which a picture alone does not know.
    const layer = this.look?.layer.name;
    return layer === undefined ? [] : overStrip(this.#strip, { layer });
  }

  /** As many pictures as the layer has inputs, and the output's. */
  #makeGrids(inputs: number): void {
    if (this.#inputs.length === inputs && this.#body.hasChildNodes()) return;
    while (this.#inputs.length < inputs) this.#inputs.push(new Grid((place) => this.point(place)));
    this.#inputs.length = inputs;
    this.#body.replaceChildren(...this.#inputs.map(({ element }) => element), this.#output.element);
  }

  protected render({ model, inspection, placed, layer }: LayerLook): void {
    const text = tell();
    const { output, kind } = layer;
    const [rows = 1, columns = 1, channels = 1] = output.shape;
    // What makes maps of another size, such as padding, has no value of its own beside each of the output's.
    const inputs = inputsOf(model, inspection, this.index).filter(({ shape }) => shape.join() === output.shape.join());
    this.#makeGrids(inputs.length);
    this.filter ??= strongest(output);
    const filter = Math.min(this.filter, channelsOf(output) - 1);
    const map = featureMap(output, filter);
    this.place ??= placeOfLargest(map);
    const { place } = this;
    const words = isOtherActivation(placed) ? undefined : text.layerWords[kind as keyof typeof text.layerWords];
    this.writeHead(
      titleOf(model, this.index),
      words?.text ?? "",
      text.inNeurons(times(rows, columns, channels), count(output.data.length)),
    );

    // One range for all pictures, so that equal colours are equal values.
    const most = Math.max(magnitude(output.data), ...inputs.map(({ data }) => magnitude(data)));
    const show = (grid: Grid, values: Values, caption: string) => {
      const shown = featureMap(values, filter);
      grid.label(caption);
      grid.paint(shown.rows, shown.columns, (index) => signed(shown.values[index] ?? 0, most));
      grid.cursor = place;
    };
    inputs.forEach((values, index) => {
      const grid = this.#inputs[index];
      const source = titleOfNamed(model, placed.connectedTo[index] ?? "");
      if (grid) show(grid, values, text.inMapFrom(count(filter + 1), source));
    });
    show(this.#output, output, text.inMapAfter(count(filter + 1)));
    const operands = inputs.map((values) => valueAt(featureMap(values, filter), place));
    write(this.formula, formulaOf(placed, inspection, filter, operands, valueAt(map, place)));
    showStrip(this.#strip, output, filter);
  }
}

/** The walk has words for ReLU only. */
function isOtherActivation({ layer }: PlacedLayer): boolean {
  const { kind, options } = layer.config;
  return kind === "activation" && options["activation"] !== "relu";
}

/** What the layer does at one place, with its numbers. */
function formulaOf(
  { name, layer }: PlacedLayer,
  { parameters }: Inspection,
  channel: number,
  operands: readonly number[],
  result: number,
): string {
  const { kind, options } = layer.config;
  const [first = 0] = operands;
  if (kind === "add") return `${operands.map((value) => bracketed(value)).join(" + ")} = ${number(result)}`;
  if (kind === "batchNormalization") {
    const of = (parameter: string, otherwise: number) =>
      parameters.get(`${name}/${parameter}`)?.data[channel] ?? otherwise;
    const epsilon = Number(options["epsilon"] ?? 1e-3);
    const deviation = `√(${number(of("moving_variance", 1))} + ${number(epsilon)})`;
    const standard = `(${number(first)} − ${bracketed(of("moving_mean", 0))}) / ${deviation}`;
    return `${standard} · ${bracketed(of("gamma", 1))} + ${bracketed(of("beta", 0))} = ${number(result)}`;
  }
  if (kind === "activation" && options["activation"] === "relu") return `max(0, ${number(first)}) = ${number(result)}`;
  return operands.length === 0 ? number(result) : `${operands.map(number).join("; ")}   →   ${number(result)}`;
}
