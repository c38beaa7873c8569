import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid } from "./grid.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import { denseSum, evidenceOf, placeOfLargest } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { bracketed, Legend, number } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Neurons of a hidden layer in a line of the picture. */
const LINE = 16;

/** A dense layer inside the network: a row of neurons, each of which weighs all numbers before it. */
export class DenseStep extends LayerStep {
  readonly #neurons = new Grid((place) => this.point(place));
  readonly #evidence = new Grid();
  readonly #legend = new Legend();

  constructor(index: number) {
    super(index, "step-dense");
    this.element.append(
      this.count,
      make(
        "div",
        { className: "step-body" },
        make("div", {}, this.#neurons.element, this.#legend.element),
        this.#evidence.element,
      ),
      this.formula,
    );
  }

  protected render({ model, inspection, placed, layer, input }: LayerLook): void {
    const kernel = inspection.parameters.get(`${placed.name}/kernel`);
    if (kernel === undefined) return;
    const text = tell();
    const { data } = layer.output;
    const { activation } = placed.layer;
    const words = text.inDenseText(count(input.data.length));
    this.writeHead(
      titleOf(model, this.index),
      activation === "relu" ? `${words} ${text.inDenseRelu}` : words,
      text.inRowOf(count(data.length)),
    );
    const most = magnitude(data);
    const lines = { rows: Math.ceil(data.length / LINE), columns: Math.min(LINE, data.length), values: data };
    this.place ??= placeOfLargest(lines);
    // The last line may be a shorter one.
    const neuron = Math.min(this.place.row * LINE + this.place.column, data.length - 1);
    this.#neurons.label(text.inDenseNeurons);
    this.#neurons.paint(lines.rows, lines.columns, (index) => signed(data[index] ?? 0, most));
    this.#neurons.cursor = { row: Math.floor(neuron / LINE), column: neuron % LINE };
    this.#legend.show(most);
    const map = evidenceOf(model, inspection, this.index, neuron);
    this.#evidence.element.hidden = map === undefined;
    if (map) {
      const range = magnitude(map.values);
      this.#evidence.label(text.inDenseEvidence(count(neuron + 1)));
      this.#evidence.paint(map.rows, map.columns, (index) => signed(map.values[index] ?? 0, range));
    }
    const bias = inspection.parameters.get(`${placed.name}/bias`)?.data[neuron] ?? 0;
    const products = denseSum(input, kernel, neuron);
    const sum = `${text.inNeuron(count(neuron + 1))}: ${text.inSumOf(count(input.data.length), number(products))} + ${text.inBias} ${bracketed(bias)} = ${number(products + bias)}`;
    const name = activation === "relu" ? "ReLU" : activation;
    write(this.formula, activation === "linear" ? sum : `${sum}   →   ${name}   →   ${number(data[neuron] ?? 0)}`);
  }
}
