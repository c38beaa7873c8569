import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { hashString, randomKey } from "../core/random.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { Arena, type Node, Variable } from "../graph/node.ts";
import { add } from "../graph/ops/arithmetic.ts";
import { broadcastTo } from "../graph/ops/broadcast_to.ts";
import { checkParameters, checkSize } from "./check_parameters.ts";
import type { initialValues } from "./initial_values.ts";
import type { ParameterSpec } from "./layer.ts";
import type { ModelConfig } from "./model_config.ts";
import { firstCall, nameOfTensor, type PlacedLayer, placeLayer, typeOfTensor } from "./placed_layer.ts";
import { type ModelSummary, type SummaryOptions, summarize } from "./summary.ts";
import type { Wiring } from "./wiring.ts";

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
  /**
   * Called for each f32 value that a layer gives, with it before the layer's activation and after it. A layer's second output
   * is called as in `model.outputNames`; a layer that is called again tells once more.
   */
  probe?: (name: string, linear: Node, output: Node) => void;
  /** With `training`: takes the new value of each statistic, which otherwise is assigned at the end of the step. */
  update?: (variable: Variable, value: Node) => void;
}

/** Draws initial values. A model that is opened has its weights instead, so that a page that opens one fetches nothing that draws. */
export type Initialize = typeof initialValues;

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

  /** Use `sequential` or `model`. Without `initialize` the parameters must be set before they are read. */
  constructor(
    kind: ModelConfig["kind"],
    wiring: Wiring,
    { seed = 0, initialize }: { seed?: number | undefined; initialize?: Initialize | undefined },
  ) {
    if (!Number.isFinite(seed)) throw new ArgumentError(`model: seed must be a number, got ${describeValue(seed)}.`);
    this.#kind = kind;
    this.#wiring = wiring;
    this.seed = seed;
    this.inputNames = wiring.inputs.map(({ name }) => name);
    this.inputShapes = wiring.inputs.map(({ shape }) => shape);
    this.outputShapes = wiring.outputs.map((tensor) => typeOfTensor(wiring, tensor).shape);
    this.layers = wiring.layers.map((_, index) => placeLayer(wiring, index));

    const specs = wiring.layers.flatMap(({ name, layer }, index) =>
      layer.parameters(firstCall(wiring, index).inputShapes).map(({ name: parameter, trainable = true, ...spec }) => ({
        ...spec,
        name: `${name}/${parameter}`,
        trainable: trainable && layer.trainable,
      })),
    );
    checkSize(specs);
    const fresh = specs.map(({ name, shape, initializer, initial, fans, trainable }) => {
      const drawn = initialize?.(`parameter "${name}"`, { initializer, shape, fans }, seed, hashString(name));
      const begins = initial ?? drawn;
      return { name, shape, trainable, ...(begins && { initial: begins }) };
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

  /**
   * The outputs' names, in their order: those of the layers that make them, numbered where a layer makes several: "dense (use 2)"
   * of a layer that is called again, "split (output 1)".
   */
  get outputNames(): readonly string[] {
    return this.#wiring.outputs.map((tensor) => nameOfTensor(this.#wiring, tensor));
  }

  /** The layers that make the outputs. */
  get outputLayers(): readonly PlacedLayer[] {
    return this.#wiring.outputs.map((tensor) => at(this.layers, this.#wiring.makers[tensor]?.layer ?? 0));
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
      const learns = training && layer.trainable;
      graph.inLayer(name, () => {
        const built = layer.build(
          // Only those that say so take what is the same for every image as it is.
          call.inputs.map((one) => (layer.outputTypes ? at(values, one) : this.#forEachImage(graph, values, one))),
          {
            graph,
            batch: at(at(inputs, 0).shape, 0),
            training: learns,
            labels: learns ? labels : undefined,
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
        built.forEach((linear, place) => {
          const tensor = call.first + place;
          const skipLast = outputs.includes(tensor) && layer.activation === foldedOf(tensor);
          if (skipLast) logitsOf.set(tensor, linear);
          const isLast = skipLast && !calls.some((other) => other.inputs.includes(tensor));
          const value = isLast ? linear : layer.activate(graph, linear);
          values.push(value);
          if (value.dtype === "f32") probe?.(place === 0 ? name : nameOfTensor(this.#wiring, tensor), linear, value);
        });
      });
    });
    for (const [name, value] of updated) {
      if (update) update(this.#variable(name), value);
      else graph.inLayer(value.layer, () => graph.assign(this.#variable(name), value));
    }
    return outputs.map((tensor) => logitsOf.get(tensor) ?? this.#forEachImage(graph, values, tensor));
  }

  /** A tensor with a batch axis: what is the same for every image is stretched over the batch of the inputs. */
  #forEachImage(graph: Graph, values: readonly Node[], tensor: number): Node {
    const value = at(values, tensor);
    if (!typeOfTensor(this.#wiring, tensor).isConstant) return value;
    return broadcastTo(graph, value, [at(at(values, 0).shape, 0), ...value.shape]);
  }

  /**
   * What the regularizers of its layers add to the loss of a training step: a scalar, the sum over the parameters that are
   * trained; undefined where no layer has any.
   */
  penalty(graph: Graph): Node | undefined {
    const terms = this.#trained.flatMap((spec) =>
      inLayerOf(spec, graph, () => spec.penalty?.(graph, this.#parameter(graph, spec.name)) ?? []),
    );
    return terms.length === 0 ? undefined : terms.reduce((sum, term) => add(graph, sum, term));
  }

  /**
   * Adds what holds parameters to their layers' constraints; to be called after the update has been added. With `verdict`
   * (`finishStep`) only where the step counts.
   */
  constrain(graph: Graph, verdict?: Node): void {
    for (const spec of this.#trained) {
      inLayerOf(spec, graph, () => spec.constrain?.(graph, this.#variable(spec.name), verdict));
    }
  }

  #checkInputs(inputs: readonly Node[]): void {
    const wanted = this.#wiring.inputs;
    if (inputs.length !== wanted.length) {
      const names = wanted.map(({ name, shape }) => `"${name}" [${shape.join(", ")}]`).join(", ");
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
    // The keys in one order, so that a model that is loaded again saves the same bytes.
    const layers = this.layers.map(({ name, layer: { config } }) => ({
      ...{ kind: config.kind, name },
      ...config,
      name,
    }));
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

/** Adds to a graph what belongs to the layer of a parameter. */
function inLayerOf<T>({ name }: ParameterSpec, graph: Graph, build: () => T): T {
  return graph.inLayer(name.slice(0, name.lastIndexOf("/")), build);
}

function isFoldedList(logits: FoldedActivation | readonly FoldedActivation[]): logits is readonly FoldedActivation[] {
  return Array.isArray(logits);
}

function isList(input: Node | readonly Node[]): input is readonly Node[] {
  return Array.isArray(input);
}
