import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Model } from "../nn/model.ts";
import { toInputs } from "./predictor.ts";
import type { ImageBatch, Inspection, LayerInspection } from "./types.ts";

/** "The class that the model finds most probable", where a class is asked for. */
const PREDICTED = -1;

/** Looks inside a model at one image: the values of all layers, and the slope of one score by them. */
export class Inspector {
  readonly #backend: Backend;
  readonly #model: Model;
  #program: Promise<Program> | undefined;

  constructor(backend: Backend, model: Model) {
    this.#backend = backend;
    this.#model = model;
  }

  /** Throws `ShapeError` unless `image` is one image, `ArgumentError` for a class that the model does not have. */
  async inspect(image: ImageBatch, options: { target?: number } = {}): Promise<Inspection> {
    const { inputShape, classes, layers } = this.#model;
    const { target = PREDICTED } = options;
    if (image.length !== sizeOf(inputShape)) {
      throw new ShapeError(
        `inspect: wants one image ${formatShape(inputShape)}, ${sizeOf(inputShape)} values; got ${image.length}.`,
      );
    }
    if (options.target !== undefined && (!Number.isInteger(target) || target < 0 || target >= classes)) {
      throw new ArgumentError(`inspect: target must be a class from 0 to ${classes - 1}, got ${String(target)}.`);
    }
    const input = toInputs(image);
    const outputs = await (await this.#compiled()).run({ image: input, target: [target] });
    const tensor = (name: string): Tensor<Float32Array> | undefined => {
      const found = outputs[name];
      // Without the batch axis: it is one image's.
      return found && { shape: found.shape.slice(1), data: Float32Array.from(found.data) };
    };
    const have = (name: string) => tensor(name) ?? { shape: [], data: new Float32Array() };
    const logits = have("logits");
    return {
      input: { shape: [...inputShape], data: input },
      inputGradient: have("inputGradient"),
      layers: layers.map(({ name, layer }): LayerInspection => {
        const linear = tensor(`${name} linear`);
        return {
          name,
          kind: layer.config.kind,
          output: have(`${name} output`),
          gradient: have(`${name} gradient`),
          ...(linear === undefined ? {} : { linear }),
        };
      }),
      logits,
      probabilities: have("probabilities"),
      parameters: new Map(
        this.#model.variables.map(({ name, shape }) => [
          name,
          { shape: [...shape], data: Float32Array.from(outputs[`${name} parameter`]?.data ?? []) },
        ]),
      ),
      target: target === PREDICTED ? indexOfLargest(logits.data) : target,
    };
  }

  #compiled(): Promise<Program> {
    if (this.#program === undefined) {
      const program = compileInspection(this.#backend, this.#model);
      program.catch(() => {
        if (this.#program === program) this.#program = undefined;
      });
      this.#program = program;
    }
    return this.#program;
  }

  dispose(): void {
    this.#program?.then(
      (program) => program.dispose(),
      () => undefined,
    );
    this.#program = undefined;
  }
}

/** One image in, every layer's value out, and the gradient of one logit by each of them. */
function compileInspection(backend: Backend, model: Model): Promise<Program> {
  const graph = new Graph();
  const image = graph.input("image", [1, ...model.inputShape]);
  const target = graph.input("target", [1], "i32");
  const linears = new Map<string, Node>();
  const values = new Map<string, Node>();
  const logits = model.build(graph, image, {
    logits: true,
    probe(name, linear, output) {
      if (linear !== output) linears.set(name, linear);
      values.set(name, output);
    },
  });
  const wanted = graph.where(graph.less(target, 0), graph.argmax(logits), target);
  const score = graph.sum(graph.mul(logits, graph.oneHot(wanted, model.classes)));
  const names = [...values.keys()];
  const [inputGradient, ...gradients] = graph.gradients(score, [image, ...values.values()]);
  const outputs: Record<string, Node> = { logits, probabilities: graph.softmax(logits) };
  for (const variable of model.variables) outputs[`${variable.name} parameter`] = graph.variable(variable);
  if (inputGradient) outputs["inputGradient"] = inputGradient;
  names.forEach((name, index) => {
    const [value, linear, gradient] = [values.get(name), linears.get(name), gradients[index]];
    if (value) outputs[`${name} output`] = value;
    if (linear) outputs[`${name} linear`] = linear;
    if (gradient) outputs[`${name} gradient`] = gradient;
  });
  return backend.compile(graph, { outputs });
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}
