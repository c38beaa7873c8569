/** The whys beside the steps of the walk: questions that open, answered with the numbers of the network at hand. */
import type { Model, PlacedLayer } from "../../src/index.ts";
import { make, write } from "../dom.ts";
import { count, language, significant } from "../language.ts";
import { receptiveField } from "./receptive_field.ts";
import { times } from "./step.ts";
import type { WalkStep } from "./walk.ts";
import { WHYS, type WhyMessages } from "./why_messages.ts";

/** A question and its answer, in a language. */
type Why = (text: WhyMessages) => readonly [question: string, answer: string];

/** The usual small photograph, in colour (ImageNet's). */
const PHOTO = { side: 224, channels: 3 };

/** Questions that open, below a step. */
export class WhyList {
  readonly element = make("div", { className: "whys" });
  readonly #whys: readonly Why[];
  readonly #parts: readonly { question: HTMLElement; answer: HTMLElement }[];

  constructor(whys: readonly Why[]) {
    this.#whys = whys;
    this.#parts = whys.map(() => {
      const [question, answer] = [make("summary"), make("p", { className: "step-text" })];
      this.element.append(make("details", { className: "why" }, question, answer));
      return { question, answer };
    });
    this.render();
  }

  /** Writes everything, in the page's language. */
  render(): void {
    this.#whys.forEach((why, index) => {
      const [question, answer] = why(WHYS[language()]);
      const part = this.#parts[index];
      if (part === undefined) return;
      write(part.question, question);
      write(part.answer, answer);
    });
  }
}

/** What is asked of the picture: before any layer. */
export function whysOfPixels(model: Model): Why[] {
  const { parameters } = model.summary();
  return [(text) => [text.namesake, text.namesakeText], (text) => [text.many, text.manyText(count(parameters))]];
}

/** What is asked of a step about a layer. */
export function whysOf(model: Model, { kind, index }: WalkStep): Why[] {
  const placed = model.layers[index];
  if (placed === undefined) return [];
  if (kind === "convolution")
    return index === firstConvolution(model) ? whysOfFirst(model, index) : whysOfLater(model, index);
  return kind === "pooling" ? whysOfPooling(model, placed) : [];
}

/** What is asked of how the kernels of the first convolution formed; nothing where they do not start by He's rule. */
export function whysOfStart(model: Model): Why[] {
  const first = model.layers[firstConvolution(model)];
  const kernel = model.variables.find(({ name }) => name === `${first?.name}/kernel`);
  const options = first?.layer.config.options ?? {};
  const byHe =
    options["kernelInitializer"] === "heNormal" || (options["kernelInitializer"] === undefined && isRelu(options));
  if (kernel === undefined || !byHe) return [];
  const inputs = kernel.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return [(text) => [text.start, text.startText(count(inputs), significant(Math.sqrt(2 / inputs), 3))]];
}

const isRelu = (options: Readonly<Record<string, unknown>>) => options["activation"] === "relu";
const firstConvolution = (model: Model) => model.layers.findIndex(({ layer }) => layer.config.kind === "conv2d");
const productOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

function whysOfFirst(model: Model, index: number): Why[] {
  const placed = model.layers[index];
  const kernel = model.variables.find(({ name }) => name === `${placed?.name}/kernel`)?.shape;
  if (placed === undefined || kernel === undefined) return [];
  const [rows = 1, columns = 1, channels = 1, filters = 1] = kernel;
  const { inputShape, outputShape, multiplyAdds, neurons } = placed;
  const hasBias = placed.parameterNames.length > 1;
  const total = productOf(kernel) + (hasBias ? filters : 0);
  const inputs = productOf(inputShape);
  // As many places a pixel of the picture, and as many multiplications a place and a channel.
  const shrinks = productOf(outputShape.slice(0, 2)) / productOf(inputShape.slice(0, 2));
  const places = Math.round(PHOTO.side ** 2 * shrinks);
  const side = Math.round(Math.sqrt(places));
  const large = (multiplyAdds / productOf(outputShape.slice(0, 2)) / channels) * places * PHOTO.channels;
  return [
    (text) => [text.words, text.wordsText(times(rows, columns), count(channels), count(filters))],
    (text) => [
      text.parameters(count(total)),
      text.parametersText(
        ...([
          [rows, columns, channels, filters].map(count).join("\u202f·\u202f"),
          count(hasBias ? filters : 0),
          count(total),
        ] as const),
        ...([count(inputs), count(neurons), count(inputs * neurons + neurons)] as const),
      ),
    ],
    (text) => [
      text.neurons(count(neurons)),
      text.neuronsText(
        ...([count(multiplyAdds), times(PHOTO.side, PHOTO.side), times(side, side, filters)] as const),
        ...([count(side * side * filters), count(large)] as const),
      ),
    ],
  ];
}

function whysOfLater(model: Model, index: number): Why[] {
  const [field, first] = [fieldOf(model, index), fieldOf(model, firstConvolution(model))];
  return field && first ? [(text) => [text.shapes, text.shapesText(field, first)]] : [];
}

/** How many pixels a value in the middle of a layer's maps depends on: "10×10". */
function fieldOf(model: Model, index: number): string | undefined {
  const [rows = 1, columns = 1] = model.layers[index]?.outputShape ?? [];
  const area = receptiveField(model, index, { row: rows >> 1, column: columns >> 1 });
  return area && times(area.rows, area.columns);
}

function whysOfPooling(model: Model, pool: PlacedLayer): Why[] {
  const next = model.layers.find(
    ({ layer, connectedTo }) => layer.config.kind === "conv2d" && connectedTo[0] === pool.name,
  );
  if (next === undefined) return [];
  const factor = productOf(pool.inputShape.slice(0, 2)) / productOf(pool.outputShape.slice(0, 2));
  const { multiplyAdds } = next;
  return [
    (text) => [text.pool, text.poolText(count(multiplyAdds), count(multiplyAdds * factor), significant(factor, 2))],
  ];
}
