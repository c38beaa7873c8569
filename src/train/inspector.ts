import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import type { Model } from "../nn/model.ts";
import { toInputs } from "./predictor.ts";
import type { ImageBatch, Inspection, InspectOptions, LayerInspection, MapsDrawing } from "./types.ts";

/** "The class that the model finds most probable", where a class is asked for. */
const PREDICTED = -1;

/** What a program gives beside the layers' values: nothing, gradients by them, or gradients by the parameters too. */
type Slopes = "none" | "values" | "parameters";

/** Looks inside a model at one image: the values of all layers, and the slope of one score by them. */
export class Inspector {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #programs = new Map<Slopes, Promise<Program>>();

  constructor(backend: Backend, model: Model) {
    this.#backend = backend;
    this.#model = model;
  }

  /**
   * Throws `ShapeError` unless `image` is one image and the model gives one row of classes, `ArgumentError` for a class that
   * the model does not have.
   */
  async inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    const { inputShape, layers, variables, arena } = this.#model;
    this.#check("inspect", image, options);
    this.#checkClasses("inspect");
    const { target = PREDICTED, parameterGradients = false } = options;
    const input = toInputs(image);
    const program = await this.#compiled(parameterGradients ? "parameters" : "values");
    const outputs = await program.run({ image: input, target: [target] });
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
      ...(parameterGradients ? { parameterGradients: named(arena.variables, "slope") } : {}),
    };
  }

  /** As `Trainer.draw`. */
  async draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    this.#check("draw", image, options);
    const pictures = drawings.map(({ canvas, layer, values = "output", ...picture }) => {
      return { canvas, picture, ...this.#drawn(layer, values) };
    });
    const gradients = drawings.some(({ values }) => values === "gradient");
    if (gradients) this.#checkClasses("draw");
    const program = await this.#compiled(gradients ? "values" : "none");
    const feeds = { image: toInputs(image), ...(gradients ? { target: [options.target ?? PREDICTED] } : {}) };
    await program.draw(feeds, pictures, options.readback === undefined ? {} : { readback: options.readback });
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
        `draw: values must be "output", "linear", "gradient" or "kernel", got ${JSON.stringify(values)}.`,
      );
    }
    // What a layer without an activation gives is linear already.
    const kept = values === "linear" && placed.layer.activation === "linear" ? "output" : values;
    return { output: `${name} ${kept}`, shape: placed.outputShape };
  }

  #check(what: string, image: ImageBatch, { target }: InspectOptions): void {
    const { inputShape, classes } = this.#model;
    if (image.length !== sizeOf(inputShape)) {
      throw new ShapeError(
        `${what}: wants one image ${formatShape(inputShape)}, ${sizeOf(inputShape)} values; got ${image.length}.`,
      );
    }
    if (target !== undefined && (!Number.isInteger(target) || target < 0 || target >= classes)) {
      throw new ArgumentError(`${what}: target must be a class from 0 to ${classes - 1}, got ${String(target)}.`);
    }
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

  #compiled(slopes: Slopes): Promise<Program> {
    let program = this.#programs.get(slopes);
    if (program === undefined) {
      const compiling = compileInspection(this.#backend, this.#model, slopes);
      compiling.catch(() => {
        if (this.#programs.get(slopes) === compiling) this.#programs.delete(slopes);
      });
      this.#programs.set(slopes, compiling);
      program = compiling;
    }
    return program;
  }

  dispose(): void {
    for (const program of this.#programs.values()) {
      program.then(
        (compiled) => compiled.dispose(),
        () => undefined,
      );
    }
    this.#programs.clear();
  }
}

/** One image in, every layer's value out, and with `slopes` the gradient of one logit by each of them. */
function compileInspection(backend: Backend, model: Model, slopes: Slopes): Promise<Program> {
  const graph = new Graph();
  const image = graph.input("image", [1, ...model.inputShape]);
  const linears = new Map<string, Node>();
  const values = new Map<string, Node>();
  const logits = model.build(graph, image, {
    logits: true,
    probe(name, linear, output) {
      if (linear !== output) linears.set(name, linear);
      values.set(name, output);
    },
  });
  const outputs: Record<string, Node> = {};
  for (const variable of model.variables) outputs[`${variable.name} parameter`] = graph.variable(variable);
  for (const [name, value] of values) outputs[`${name} output`] = value;
  for (const [name, linear] of linears) outputs[`${name} linear`] = linear;
  if (slopes !== "none") {
    const target = graph.input("target", [1], "i32");
    const wanted = graph.where(graph.less(target, 0), graph.argmax(logits), target);
    const score = graph.sum(graph.mul(logits, graph.oneHot(wanted, model.classes)));
    const [inputGradient, ...gradients] = graph.gradients(score, [image, ...values.values()]);
    outputs["logits"] = logits;
    outputs["probabilities"] = graph.softmax(logits);
    if (inputGradient) outputs["inputGradient"] = inputGradient;
    [...values.keys()].forEach((name, index) => {
      const gradient = gradients[index];
      if (gradient) outputs[`${name} gradient`] = gradient;
    });
    if (slopes === "parameters") {
      const { variables } = model.arena;
      const parameters = variables.map((variable) => graph.variable(variable));
      const loss = graph.softmaxCrossEntropy(logits, wanted);
      graph.gradients(loss, parameters).forEach((gradient, index) => {
        outputs[`${variables[index]?.name} slope`] = gradient;
      });
    }
  }
  return backend.compile(graph, { outputs });
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}
