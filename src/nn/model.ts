import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { hashString, randomKey } from "../core/random.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { Arena, type Node, Variable } from "../graph/node.ts";
import { add } from "../graph/ops/arithmetic.ts";
import { applyActivation } from "./activations.ts";
import { checkParameters, checkSize } from "./check_parameters.ts";
import { constrain } from "./constraints.ts";
import { checkInitializerFits, initialize } from "./initializers.ts";
import type { Layer, ParameterSpec } from "./layer.ts";
import type { ModelConfig } from "./model_config.ts";
import { penalty } from "./regularizers.ts";
import { type ModelSummary, type SummaryOptions, summarize } from "./summary.ts";
import type { Call, Wiring } from "./wiring.ts";

/** A layer in its place: named, with the shapes that flow in and out (without the batch axis). */
export interface PlacedLayer {
  /** Its own, or made from its kind. */
  readonly name: string;
  /** What it does. */
  readonly layer: Layer;
  /** Of its first input, where it is first called. */
  readonly inputShape: Shape;
  /** Where it is first called. */
  readonly outputShape: Shape;
  /** Full names of its parameters, "conv2d/kernel". */
  readonly parameterNames: readonly string[];
  /** For one image; all calls together. */
  readonly multiplyAdds: number;
  /** Values of its outputs for one image; all calls together. */
  readonly neurons: number;
  /** Names of the inputs and layers whose tensors it reads. */
  readonly connectedTo: readonly string[];
}

/** An activation that a model's end leaves out; true is a softmax. */
export type FoldedActivation = boolean | "softmax" | "sigmoid";

/** How `model.build` adds a model to a graph. */
export interface BuildOptions {
  /** Leave out a softmax, or the activation named here, at the very end: losses take logits. A list: one an output. */
  logits?: FoldedActivation | readonly FoldedActivation[];
  /**
   * The graph is a training step: batch normalisation uses the batch's own statistics, and the step moves its moving
   * ones. Default false: the moving ones are used, and nothing changes.
   */
  training?: boolean;
  /** With `training`, i32 [batch]: images with a negative label fill up a last, shorter batch and count in no statistic. */
  labels?: Node;
  /**
   * With `training`: where dropout's random numbers come from, a seed and the number of the step (u32 scalar). A model with
   * dropout does not build a training step without it.
   */
  random?: { readonly seed: number; readonly step: Node };
  /** Called for each layer (for the last of its calls) with its value before its activation and after it. */
  probe?: (name: string, linear: Node, output: Node) => void;
  /** With `training`: takes the new value of each statistic, which otherwise is assigned at the end of the step. */
  update?: (variable: Variable, value: Node) => void;
}

/** A network: layers with shapes and parameters. It knows no device; a trainer or a classifier runs it. */
export class Model {
  /** One image's; several where the model has several inputs. */
  readonly inputShapes: readonly Shape[];
  /** In the order of `inputShapes`. */
  readonly inputNames: readonly string[];
  /** Of one image, in the order in which `model()` was given the outputs. */
  readonly outputShapes: readonly Shape[];
  /** Every layer once, in the order of first use. */
  readonly layers: readonly PlacedLayer[];
  /** Fixes the initial weights. */
  readonly seed: number;
  /** Where the parameters that are trained live, one behind the other, in layer order; not those of layers with `trainable: false`. */
  readonly arena: Arena;
  /** All parameters in layer order: those of the arena, frozen ones, and statistics that layers keep themselves. */
  readonly variables: readonly Variable[];
  readonly #kind: ModelConfig["kind"];
  readonly #wiring: Wiring;
  readonly #variables: ReadonlyMap<string, Variable>;
  /** What is known of the parameters of the arena, in its order. */
  readonly #trained: readonly ParameterSpec[];

  /** Use `sequential` or `model`. */
  constructor(kind: ModelConfig["kind"], wiring: Wiring, seed = 0) {
    if (!Number.isFinite(seed)) throw new ArgumentError(`model: seed must be a number, got ${describeValue(seed)}.`);
    this.#kind = kind;
    this.#wiring = wiring;
    this.seed = seed;
    this.inputNames = wiring.inputs.map(({ name }) => name);
    this.inputShapes = wiring.inputs.map(({ shape }) => shape);
    this.outputShapes = wiring.outputs.map((tensor) => shapeOfTensor(wiring, tensor));
    this.layers = wiring.layers.map((_, index) => placeLayer(wiring, index));

    const specs = wiring.layers.flatMap(({ name, layer }, index) =>
      layer.parameters(firstCall(wiring, index).inputShapes).map(({ name: parameter, trainable = true, ...spec }) => ({
        ...spec,
        name: `${name}/${parameter}`,
        trainable: trainable && layer.trainable,
      })),
    );
    checkSize(specs);
    const fresh = specs.map(({ name, shape, initializer, fans, trainable }) => {
      checkInitializerFits(`parameter "${name}"`, initializer, shape);
      return { name, shape, trainable, initial: () => initialize(initializer, shape, fans, seed, hashString(name)) };
    });
    this.#trained = specs.filter(({ trainable }) => trainable);
    this.arena = new Arena(
      "parameters",
      fresh.filter(({ trainable }) => trainable),
    );
    const trained = new Map(this.arena.variables.map((variable) => [variable.name, variable]));
    this.variables = fresh.map((spec) => trained.get(spec.name) ?? new Variable(spec));
    this.#variables = new Map(this.variables.map((variable) => [variable.name, variable]));
  }

  /** One image's shape; of the first input where there are several. */
  get inputShape(): Shape {
    return at(this.inputShapes, 0);
  }

  /** One image's result; of the first output where there are several. */
  get outputShape(): Shape {
    return at(this.outputShapes, 0);
  }

  /** Whether it is a plain chain made by `sequential`. */
  get isSequential(): boolean {
    return this.#kind === "sequential";
  }

  /** The layer that makes the (first) output. */
  get outputLayer(): PlacedLayer {
    return at(this.outputLayers, 0);
  }

  /** The outputs' names, in their order: those of the layers that make them, numbered where a layer makes several. */
  get outputNames(): readonly string[] {
    return this.#wiring.outputs.map((tensor) => nameOfTensor(this.#wiring, tensor));
  }

  /** The layers that make the outputs. */
  get outputLayers(): readonly PlacedLayer[] {
    return this.#wiring.outputs.map((tensor) => at(this.layers, this.#callOf(tensor)?.layer ?? 0));
  }

  /** Number of classes, for a model that ends in one row of logits. */
  get classes(): number {
    return this.outputShape[this.outputShape.length - 1] ?? 0;
  }

  /**
   * The parameters by Keras' names, in layer order: "conv2d/kernel" [kh, kw, in / groups, out], "conv2d/bias" [out],
   * "dense/kernel" [in, out] …, and statistics, "batch_normalization/moving_mean" [channels]. Copies; change them with
   * `setParameters`. After training, `trainer.syncModel()` first.
   */
  get parameters(): Map<string, Tensor<Float32Array>> {
    return new Map(
      this.variables.map((variable) => [
        variable.name,
        { shape: [...variable.shape], data: Float32Array.from(variable.initial ?? new Float32Array(variable.size)) },
      ]),
    );
  }

  /**
   * Sets all parameters by name, as `parameters` gives them; with `partial` those that the map names, the others stay.
   * Running trainers and classifiers of this model use them from their next step on. Throws `ArgumentError` where one is
   * missing, unknown or holds a number that is not finite, and `ShapeError` where a shape differs; then nothing has changed.
   */
  setParameters(
    parameters: ReadonlyMap<string, { shape: readonly number[]; data: TypedArray }>,
    options: { partial?: boolean } = {},
  ): void {
    for (const [variable, data] of checkParameters(this.#variables, parameters, options)) variable.reset(data);
  }

  /** Whether the last thing the model does is a softmax, which losses and classifiers fold. */
  get endsInSoftmax(): boolean {
    return this.outputLayer.layer.activation === "softmax";
  }

  /** The call that makes a tensor; none for inputs. */
  #callOf(tensor: number): Call | undefined {
    return this.#wiring.calls[tensor - this.#wiring.inputs.length];
  }

  /**
   * Adds the model's nodes to a graph, from `x` [batch, …inputShape] to its output [batch, …outputShape]; from a list
   * of inputs to a list of outputs. Throws `ShapeError` where they do not fit, `ArgumentError` for one node where the
   * model has several inputs or outputs.
   */
  build(graph: Graph, x: Node, options?: BuildOptions): Node;
  build(graph: Graph, xs: readonly Node[], options?: BuildOptions): Node[];
  build(graph: Graph, input: Node | readonly Node[], options: BuildOptions = {}): Node | Node[] {
    const single = !isList(input);
    const { inputs, outputs } = this.#wiring;
    if (single && (inputs.length > 1 || outputs.length > 1)) {
      throw new ArgumentError(
        `model: has ${inputs.length} inputs and ${outputs.length} outputs; build it from a list of ${inputs.length}.`,
      );
    }
    const results = this.#build(graph, isList(input) ? input : [input], options);
    return single ? at(results, 0) : results;
  }

  #build(graph: Graph, inputs: readonly Node[], options: BuildOptions): Node[] {
    const { logits = false, training = false, labels, random, probe, update } = options;
    this.#checkInputs(inputs);
    const { layers, calls, outputs } = this.#wiring;
    const values = [...inputs];
    const foldedOf = (tensor: number) => {
      const one = isFoldedList(logits) ? logits[outputs.indexOf(tensor)] : logits;
      return one === true ? "softmax" : one;
    };
    const logitsOf = new Map<number, Node>();
    const updated = new Map<string, Node>();
    calls.forEach((call, index) => {
      const { name, layer } = at(layers, call.layer);
      const tensor = inputs.length + index;
      graph.inLayer(name, () => {
        const built = layer.build(
          call.inputs.map((one) => at(values, one)),
          {
            graph,
            training,
            labels: training ? labels : undefined,
            random() {
              if (random !== undefined) return { ...random, stream: randomKey(hashString(name), index) };
              throw new ArgumentError(
                `layer "${name}": draws random numbers in training; build the model with random: { seed, step }.`,
              );
            },
            parameter: (parameter) =>
              updated.get(`${name}/${parameter}`) ?? this.#parameter(graph, `${name}/${parameter}`),
            update: (parameter, value) => updated.set(`${name}/${parameter}`, value),
          },
        );
        const skipLast = outputs.includes(tensor) && layer.activation === foldedOf(tensor);
        if (skipLast) logitsOf.set(tensor, built);
        const isLast = skipLast && !calls.some((other) => other.inputs.includes(tensor));
        const value = isLast ? built : applyActivation(graph, built, layer.activation);
        values.push(value);
        probe?.(name, built, value);
      });
    });
    for (const [name, value] of updated) {
      if (update) update(this.#variable(name), value);
      else graph.inLayer(value.layer, () => graph.assign(this.#variable(name), value));
    }
    return outputs.map((tensor) => logitsOf.get(tensor) ?? at(values, tensor));
  }

  /**
   * What the regularizers of its layers add to the loss of a training step: a scalar, the sum over the parameters that are
   * trained; undefined where no layer has any.
   */
  penalty(graph: Graph): Node | undefined {
    const terms = this.#trained.flatMap(({ name, regularizer }) =>
      regularizer === undefined
        ? []
        : (graph.inLayer(name.slice(0, name.lastIndexOf("/")), () =>
            penalty(graph, regularizer, this.#parameter(graph, name)),
          ) ?? []),
    );
    return terms.length === 0 ? undefined : terms.reduce((sum, term) => add(graph, sum, term));
  }

  /**
   * Adds what holds parameters to their layers' constraints; to be called after the update has been added. With `verdict`
   * (`finishStep`) only where the step counts.
   */
  constrain(graph: Graph, verdict?: Node): void {
    for (const { name, constraint } of this.#trained) {
      if (constraint)
        graph.inLayer(name.slice(0, name.lastIndexOf("/")), () =>
          constrain(graph, this.#variable(name), constraint, verdict),
        );
    }
  }

  #checkInputs(inputs: readonly Node[]): void {
    const wanted = this.#wiring.inputs;
    if (inputs.length !== wanted.length) {
      const names = wanted.map(({ name, shape }) => `"${name}" ${formatShape(shape)}`).join(", ");
      throw new ArgumentError(`model: wants ${wanted.length} inputs (${names}), got ${inputs.length}.`);
    }
    const batch = inputs[0]?.shape[0] ?? 1;
    wanted.forEach(({ name, shape }, index) => {
      const given = at(inputs, index).shape;
      if (!sameShape(given, [batch, ...shape])) {
        const which = wanted.length === 1 ? "" : `input "${name}" `;
        const rows = index === 0 ? "batch" : batch;
        throw new ShapeError(`model: ${which}wants [${[rows, ...shape].join(", ")}], got ${formatShape(given)}.`);
      }
    });
  }

  #parameter(graph: Graph, name: string): Node {
    return graph.variable(this.#variable(name));
  }

  #variable(name: string): Variable {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new ArgumentError(`The model has no parameter "${name}".`);
    return variable;
  }

  /** A row a layer with its counts, and totals; `toString()` prints it as a table. */
  summary(options: SummaryOptions = {}): ModelSummary {
    return summarize(this, options);
  }

  /** The architecture as JSON; `modelFromConfig` builds it again. */
  toJSON(): ModelConfig {
    const layers = this.layers.map(({ name, layer }) => ({ ...layer.config, name }));
    if (this.#kind === "sequential") {
      return { kind: "sequential", inputShape: [...this.inputShape], seed: this.seed, layers };
    }
    const { inputs, calls, outputs } = this.#wiring;
    return {
      kind: "functional",
      seed: this.seed,
      inputs: inputs.map(({ name, shape }) => ({ name, shape: [...shape] })),
      layers,
      calls: calls.map((call) => ({ layer: at(this.layers, call.layer).name, inputs: [...call.inputs] })),
      outputs: [...outputs],
    };
  }
}

function isFoldedList(logits: FoldedActivation | readonly FoldedActivation[]): logits is readonly FoldedActivation[] {
  return Array.isArray(logits);
}

function isList(input: Node | readonly Node[]): input is readonly Node[] {
  return Array.isArray(input);
}

function firstCall(wiring: Wiring, layer: number): Call {
  return at(at(wiring.uses, layer), 0);
}

function shapeOfTensor({ inputs, calls }: Wiring, tensor: number): Shape {
  return tensor < inputs.length ? at(inputs, tensor).shape : at(calls, tensor - inputs.length).shape;
}

/** What a tensor is called where it is read: its input's or layer's name, numbered where the layer makes several. */
function nameOfTensor({ inputs, layers, calls, uses }: Wiring, tensor: number): string {
  if (tensor < inputs.length) return at(inputs, tensor).name;
  const call = at(calls, tensor - inputs.length);
  const { name } = at(layers, call.layer);
  return at(uses, call.layer).length === 1 ? name : `${name} (use ${call.use + 1})`;
}

function placeLayer(wiring: Wiring, index: number): PlacedLayer {
  const { name, layer } = at(wiring.layers, index);
  const calls = at(wiring.uses, index);
  const first = firstCall(wiring, index);
  const total = (count: (call: Call) => number) => calls.reduce((sum, call) => sum + count(call), 0);
  const sources = calls.flatMap((call) => call.inputs.map((tensor) => nameOfTensor(wiring, tensor)));
  return {
    name,
    layer,
    inputShape: at(first.inputShapes, 0),
    outputShape: first.shape,
    parameterNames: layer.parameters(first.inputShapes).map((parameter) => `${name}/${parameter.name}`),
    multiplyAdds: total((call) => layer.multiplyAdds(call.inputShapes, `layer "${name}"`)),
    neurons: total((call) => sizeOf(call.shape)),
    connectedTo: [...new Set(sources)],
  };
}
