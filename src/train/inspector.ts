import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { argmax } from "../graph/ops/argmax.ts";
import { mul } from "../graph/ops/arithmetic.ts";
import { less } from "../graph/ops/compare.ts";
import { oneHot } from "../graph/ops/one_hot.ts";
import { sigmoid, softplus } from "../graph/ops/pointwise.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { softmaxCrossEntropy } from "../graph/ops/softmax_cross_entropy.ts";
import { sum } from "../graph/ops/sum.ts";
import { log } from "../graph/ops/unary.ts";
import { where } from "../graph/ops/where.ts";
import type { Model } from "../nn/model.ts";
import { trainerDisposed } from "./disposed.ts";
import { drawOutputs } from "./draw_outputs.ts";
import { type OutputActivation, outputActivation } from "./output_activation.ts";
import type { PredictionKind } from "./programs.ts";
import type { Inspection, InspectOptions, LayerInspection, MapsDrawing } from "./types.ts";

/** "The class that the model finds most probable", where a class is asked for. */
const PREDICTED = -1;

/** What a program gives beside the layers' values: nothing, gradients by them, or gradients by the parameters too. */
type Gradients = "none" | "values" | "parameters";

/** Looks inside a model at one image: the values of all layers, and the gradient of one score by them. */
export class Inspector {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #activation: OutputActivation;
  readonly #programs = new Map<Gradients, Promise<Program>>();
  #disposed = false;

  /** `folded`: the activation that the model's loss contains, which its outputs then lack. */
  constructor(backend: Backend, model: Model, folded: PredictionKind) {
    this.#backend = backend;
    this.#model = model;
    this.#activation = outputActivation(model, folded);
  }

  /** Throws `ShapeError` unless the model gives one row of classes. */
  async inspect(input: Float32Array, options: InspectOptions = {}): Promise<Inspection> {
    const { inputShape, layers, variables, arena } = this.#model;
    this.#checkClasses("inspect");
    const { target = PREDICTED, parameterGradients = false } = options;
    const outputs = await this.#working(async () => {
      const program = await this.#compiled(parameterGradients ? "parameters" : "values");
      return program.run({ image: input, target: [target] });
    });
    const tensor = (name: string): Tensor<Float32Array> | undefined => {
      const found = outputs[name];
      // Without the batch axis: it is one image's.
      return found && { shape: found.shape.slice(1), data: Float32Array.from(found.data) };
    };
    const named = (list: readonly Variable[], kind: string) =>
      new Map(
        list.map(({ name, shape }) => [
          name,
          { shape: [...shape], data: Float32Array.from(outputs[`${name} ${kind}`]?.data ?? []) },
        ]),
      );
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
      parameters: named(variables, "parameter"),
      target: target === PREDICTED ? indexOfLargest(logits.data) : target,
      ...(parameterGradients ? { parameterGradients: named(arena.variables, "gradient") } : {}),
    };
  }

  /** As `Trainer.draw`. */
  async draw(
    input: Float32Array,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    const pictures = drawings.map(({ canvas, layer, values = "output", ...picture }) => {
      return { canvas, picture, ...this.#drawn(layer, values) };
    });
    const gradients = drawings.some(({ values }) => values === "gradient");
    if (gradients) this.#checkClasses("draw");
    const feeds = { image: input, ...(gradients ? { target: [options.target ?? PREDICTED] } : {}) };
    await this.#working(async () => {
      const program = await this.#compiled(gradients ? "values" : "none");
      await drawOutputs(this.#backend, program, { feeds, drawings: pictures, readback: options.readback });
    });
  }

  /** What fails once this was disposed of fails for that. */
  async #working<T>(work: () => Promise<T>): Promise<T> {
    this.#checkUsable();
    try {
      const result = await work();
      this.#checkUsable();
      return result;
    } catch (error) {
      this.#checkUsable();
      throw error;
    }
  }

  #checkUsable(): void {
    if (this.#disposed) throw trainerDisposed();
  }

  /** The output of the programs that holds these values of a layer, and its shape for one image. */
  #drawn(name: string, values: NonNullable<MapsDrawing["values"]>): { output: string; shape: readonly number[] } {
    const placed = this.#model.layers.find((one) => one.name === name);
    if (placed === undefined) {
      const known = this.#model.layers.map((one) => `"${one.name}"`).join(", ");
      throw new ArgumentError(`draw: the model has no layer "${name}" (its layers: ${known}).`);
    }
    if (values === "kernel") {
      const kernel = this.#model.variables.find((variable) => variable.name === `${name}/kernel`);
      if (kernel === undefined) throw new ArgumentError(`draw: layer "${name}" has no kernel.`);
      return { output: `${kernel.name} parameter`, shape: kernel.shape };
    }
    if (values !== "output" && values !== "linear" && values !== "gradient") {
      throw new ArgumentError(
        `draw: values must be "output", "linear", "gradient" or "kernel", got ${describeValue(values)}.`,
      );
    }
    // What a layer without an activation gives is linear already.
    const kept = values === "linear" && placed.layer.activation === "linear" ? "output" : values;
    return { output: `${name} ${kept}`, shape: placed.outputShape };
  }

  /** Gradients are of one class's logit. */
  #checkClasses(what: string): void {
    const { outputShape } = this.#model;
    if (outputShape.length === 1) return;
    throw new ShapeError(
      `${what}: gradients are of one class's logit, but this model gives ${formatShape(outputShape)}, not one row of classes. ` +
        "draw() shows its layers' outputs, predict() its results; for gradients of your own put it into a graph with " +
        "model.build().",
    );
  }

  #compiled(which: Gradients): Promise<Program> {
    let program = this.#programs.get(which);
    if (program === undefined) {
      const compiling = compileInspection(this.#backend, this.#model, which, this.#activation);
      compiling.catch(() => {
        if (this.#programs.get(which) === compiling) this.#programs.delete(which);
      });
      this.#programs.set(which, compiling);
      program = compiling;
    }
    return program;
  }

  dispose(): void {
    this.#disposed = true;
    for (const program of this.#programs.values()) {
      program.then(
        (compiled) => compiled.dispose(),
        () => undefined,
      );
    }
    this.#programs.clear();
  }
}

/** One image in, every layer's value out, and the gradients of one logit by them that are wanted. */
function compileInspection(
  backend: Backend,
  model: Model,
  which: Gradients,
  { kind, applied }: OutputActivation,
): Promise<Program> {
  const graph = new Graph();
  const image = graph.input("image", [1, ...model.inputShape]);
  const linears = new Map<string, Node>();
  const values = new Map<string, Node>();
  const logits = model.build(graph, image, {
    logits: applied ? false : kind,
    probe(name, linear, output) {
      if (linear !== output) linears.set(name, linear);
      values.set(name, output);
    },
  });
  const outputs: Record<string, Node> = {};
  for (const variable of model.variables) outputs[`${variable.name} parameter`] = graph.variable(variable);
  for (const [name, value] of values) outputs[`${name} output`] = value;
  for (const [name, linear] of linears) outputs[`${name} linear`] = linear;
  if (which !== "none") {
    const target = graph.input("target", [1], "i32");
    const wanted = where(graph, less(graph, target, 0), argmax(graph, logits), target);
    const score = sum(graph, mul(graph, logits, oneHot(graph, wanted, model.classes)));
    const [inputGradient, ...gradients] = gradientsOf(graph, score, [image, ...values.values()]);
    outputs["logits"] = logits;
    outputs["probabilities"] = applied ? logits : kind === "softmax" ? softmax(graph, logits) : sigmoid(graph, logits);
    if (inputGradient) outputs["inputGradient"] = inputGradient;
    [...values.keys()].forEach((name, index) => {
      const gradient = gradients[index];
      if (gradient) outputs[`${name} gradient`] = gradient;
    });
    if (which === "parameters") {
      const { variables } = model.arena;
      const parameters = variables.map((variable) => graph.variable(variable));
      const loss = targetLoss(graph, { logits, wanted, score }, { kind, applied });
      gradientsOf(graph, loss, parameters).forEach((gradient, index) => {
        outputs[`${variables[index]?.name} gradient`] = gradient;
      });
    }
  }
  return backend.compile(graph, { outputs });
}

/** The cross-entropy of the target class: −log of its probability. */
function targetLoss(
  graph: Graph,
  { logits, wanted, score }: { logits: Node; wanted: Node; score: Node },
  { kind, applied }: OutputActivation,
): Node {
  if (applied) return mul(graph, log(graph, score), -1);
  return kind === "softmax" ? softmaxCrossEntropy(graph, logits, wanted) : softplus(graph, mul(graph, score, -1));
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}
