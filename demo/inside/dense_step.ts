import { announce, make, write } from "../dom.ts";
import { count } from "../language.ts";
import { Grid } from "./grid.ts";
import { denseSum, evidenceOf, inputOf, type Place } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, signed } from "./paint.ts";
import { bracketed, Legend, type Look, number, type Step, section } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Neurons of a hidden layer in a line of the picture. */
const LINE = 16;

/** A dense layer inside the network: a row of neurons, each of which weighs all numbers before it. */
export class DenseStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-dense");
  readonly #count = make("p", { className: "step-count" });
  readonly #neurons: Grid;
  readonly #evidence = new Grid();
  readonly #legend = new Legend();
  readonly #formula = make("p", { className: "step-formula" });
  #neuron: number | undefined;
  #look: Look | undefined;

  constructor(index: number) {
    this.#index = index;
    this.element = this.#parts.element;
    this.#neurons = new Grid(({ row, column }) => {
      const neurons = this.#look?.inspection.layers[this.#index]?.output.data.length ?? 1;
      this.#neuron = Math.min(row * LINE + column, neurons - 1);
      this.#render();
      announce(this.#formula.textContent ?? "");
    });
    this.element.append(
      this.#count,
      make(
        "div",
        { className: "step-body" },
        make("div", {}, this.#neurons.element, this.#legend.element),
        this.#evidence.element,
      ),
      this.#formula,
    );
  }

  forget(): void {
    this.#neuron = undefined;
  }

  show(look: Look): void {
    this.#look = look;
    this.#render();
  }

  #render(): void {
    const look = this.#look;
    const layer = look?.inspection.layers[this.#index];
    const placed = look?.model.layers[this.#index];
    const kernel = look?.inspection.parameters.get(`${placed?.name}/kernel`);
    if (look === undefined || layer === undefined || placed === undefined || kernel === undefined) return;
    const text = tell();
    const { data } = layer.output;
    const input = inputOf(look.model, look.inspection, this.#index);
    this.#neuron ??= Math.max(0, data.indexOf(Math.max(...data)));
    const neuron = this.#neuron;
    write(this.#parts.title, titleOf(look.model, this.#index));
    const { activation } = placed.layer;
    const words = text.inDenseText(count(input.data.length));
    write(this.#parts.text, activation === "relu" ? `${words} ${text.inDenseRelu}` : words);
    write(this.#count, text.inRowOf(count(data.length)));
    const most = magnitude(data);
    const lines = Math.ceil(data.length / LINE);
    const columns = Math.min(LINE, data.length);
    this.#neurons.label(text.inDenseNeurons, `${text.inDenseNeurons}. ${text.inArrows}`);
    this.#neurons.paint(lines, columns, (index) => signed(data[index] ?? 0, most));
    const place: Place = { row: Math.floor(neuron / LINE), column: neuron % LINE };
    this.#neurons.place = place;
    this.#neurons.mark("cursor", { ...place, rows: 1, columns: 1 });
    this.#legend.show(most);
    const map = evidenceOf(look.model, look.inspection, this.#index, neuron);
    this.#evidence.element.hidden = map === undefined;
    if (map) {
      const range = magnitude(map.values);
      this.#evidence.label(text.inDenseEvidence(count(neuron + 1)));
      this.#evidence.paint(map.rows, map.columns, (index) => signed(map.values[index] ?? 0, range));
    }
    const bias = look.inspection.parameters.get(`${placed.name}/bias`)?.data[neuron] ?? 0;
    const products = denseSum(input, kernel, neuron);
    const sum = `${text.inNeuron(count(neuron + 1))}: ${text.inSumOf(count(input.data.length), number(products))} + ${text.inBias} ${bracketed(bias)} = ${number(products + bias)}`;
    const name = activation === "relu" ? "ReLU" : activation;
    write(this.#formula, activation === "linear" ? sum : `${sum}   →   ${name}   →   ${number(data[neuron] ?? 0)}`);
  }
}
