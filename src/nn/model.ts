import { ArgumentError, FormatError, ShapeError } from "../core/errors.ts";
import { hashString } from "../core/random.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { Arena, type Node, type Variable } from "../graph/node.ts";
import { initialize } from "./initializers.ts";
import { applyActivation, type Layer, type LayerConfig } from "./layer.ts";
import { layerFromConfig } from "./layers/index.ts";
import { type ModelSummary, summarize } from "./summary.ts";

/** A layer in its place: named, with the shapes that flow in and out (without the batch axis). */
export interface PlacedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** Full names of its parameters, "conv2d/kernel". */
  readonly parameterNames: readonly string[];
  readonly multiplyAdds: number;
}

/** A model as plain JSON: enough to build it again, without its weights. */
export interface ModelConfig {
  readonly kind: "sequential";
  readonly inputShape: readonly number[];
  readonly seed: number;
  readonly layers: readonly LayerConfig[];
}

/** A network: layers with shapes and parameters. It knows no device; a trainer or a classifier runs it. */
export class Model {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly PlacedLayer[];
  readonly seed: number;
  /** Where the parameters live, one behind the other, in layer order. */
  readonly arena: Arena;
  readonly #variables = new Map<string, Variable>();

  constructor(options: { inputShape: Shape; seed?: number }, layers: readonly Layer[]) {
    checkShape("model: inputShape", options.inputShape);
    if (layers.length === 0) throw new ArgumentError("A model needs at least one layer.");
    this.inputShape = [...options.inputShape];
    this.seed = options.seed ?? 0;
    const names = new Set<string>();
    let shape: Shape = this.inputShape;
    this.layers = layers.map((layer) => {
      const name = uniqueName(layer, names);
      const what = `layer "${name}"`;
      const inputShape = shape;
      shape = layer.outputShape(inputShape, what);
      return {
        name,
        layer,
        inputShape,
        outputShape: shape,
        parameterNames: layer.parameters(inputShape).map((parameter) => `${name}/${parameter.name}`),
        multiplyAdds: layer.multiplyAdds(inputShape, what),
      };
    });
    this.outputShape = shape;
    this.arena = new Arena(
      "parameters",
      this.layers.flatMap(({ name, layer, inputShape }) =>
        layer.parameters(inputShape).map((parameter) => {
          const full = `${name}/${parameter.name}`;
          const size = parameter.shape.reduce((product, extent) => product * extent, 1);
          return {
            name: full,
            shape: parameter.shape,
            initial: initialize(parameter.initializer, size, parameter.fans, this.seed, hashString(full)),
          };
        }),
      ),
    );
    for (const variable of this.arena.variables) this.#variables.set(variable.name, variable);
  }

  /** Number of classes, for a model that ends in one row of logits. */
  get classes(): number {
    return this.outputShape[this.outputShape.length - 1] ?? 0;
  }

  /**
   * The parameters by Keras' names, in layer order: "conv2d/kernel" [kh, kw, in / groups, out], "conv2d/bias" [out],
   * "dense/kernel" [in, out] … Copies; change them with `setParameters`. After training, `trainer.syncModel()` first.
   */
  get parameters(): Map<string, Tensor<Float32Array>> {
    return new Map(
      this.arena.variables.map((variable) => [
        variable.name,
        { shape: [...variable.shape], data: Float32Array.from(variable.initial ?? new Float32Array(variable.size)) },
      ]),
    );
  }

  /** Sets parameters by name; running trainers and classifiers of this model use them from their next step on. */
  setParameters(parameters: ReadonlyMap<string, { shape: readonly number[]; data: TypedArray }>): void {
    const changes = [...parameters].map(([name, tensor]) => {
      const variable = this.#variables.get(name);
      if (variable === undefined) {
        const known = this.arena.variables.map((v) => v.name).join(", ");
        throw new ArgumentError(`setParameters: the model has no parameter "${name}"; it has ${known}.`);
      }
      if (!sameShape(variable.shape, tensor.shape) || tensor.data.length !== variable.size) {
        throw new ShapeError(
          `setParameters: "${name}" has shape ${formatShape(variable.shape)}, got ${formatShape(tensor.shape)} with ` +
            `${tensor.data.length} values.`,
        );
      }
      return { variable, data: Float32Array.from(tensor.data) };
    });
    for (const { variable, data } of changes) variable.reset(data);
  }

  /** Whether the last thing the model does is a softmax, which losses and classifiers fold. */
  get endsInSoftmax(): boolean {
    return this.layers[this.layers.length - 1]?.layer.activation === "softmax";
  }

  /**
   * Adds the model's nodes to a graph, from `x` [batch, …inputShape] to its output [batch, …outputShape]. With
   * `logits`, a final softmax is left out: losses take logits.
   */
  build(graph: Graph, x: Node, options: { logits?: boolean } = {}): Node {
    const batch = x.shape[0] ?? 1;
    if (!sameShape(x.shape, [batch, ...this.inputShape])) {
      throw new ShapeError(`model: wants [batch, ${this.inputShape.join(", ")}], got ${formatShape(x.shape)}.`);
    }
    let value = x;
    this.layers.forEach(({ name, layer }, index) => {
      const skipSoftmax = options.logits === true && index === this.layers.length - 1 && this.endsInSoftmax;
      value = graph.inLayer(name, () => {
        const built = layer.build(value, {
          graph,
          parameter: (parameter) => this.#parameter(graph, `${name}/${parameter}`),
        });
        return skipSoftmax ? built : applyActivation(graph, built, layer.activation);
      });
    });
    return value;
  }

  #parameter(graph: Graph, name: string): Node {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new ArgumentError(`The model has no parameter "${name}".`);
    return graph.variable(variable);
  }

  /** A row a layer with its counts, and totals; `toString()` prints it as a table. */
  summary(options: { batchSize?: number } = {}): ModelSummary {
    return summarize(this, options.batchSize ?? 1);
  }

  /** The architecture as JSON; `modelFromConfig` builds it again. */
  toJSON(): ModelConfig {
    return {
      kind: "sequential",
      inputShape: [...this.inputShape],
      seed: this.seed,
      layers: this.layers.map(({ name, layer }) => ({ ...layer.config, name })),
    };
  }
}

function uniqueName(layer: Layer, names: Set<string>): string {
  const wanted = layer.config.name;
  if (wanted !== undefined) {
    if (names.has(wanted)) throw new ArgumentError(`Two layers are called "${wanted}"; give one another name.`);
    names.add(wanted);
    return wanted;
  }
  for (let count = 0; ; count++) {
    const name = count === 0 ? layer.keyword : `${layer.keyword}_${count}`;
    if (!names.has(name)) {
      names.add(name);
      return name;
    }
  }
}

/** A chain of layers, each fed by the one before. `inputShape` is one image's [height, width, channels]. */
export function sequential(options: { inputShape: readonly number[]; seed?: number }, layers: readonly Layer[]): Model {
  return new Model(options, layers);
}

/** A model from its JSON. Throws `FormatError`, `ShapeError` or `ArgumentError` when it is not one. */
export function modelFromConfig(config: ModelConfig): Model {
  if (config?.kind !== "sequential" || !Array.isArray(config.layers) || !Array.isArray(config.inputShape)) {
    throw new FormatError("This is not the configuration of a Corteza model.");
  }
  return new Model({ inputShape: config.inputShape, seed: config.seed }, config.layers.map(layerFromConfig));
}
