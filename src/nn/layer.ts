import { ArgumentError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Fans, InitializerName } from "./initializers.ts";

/** A layer as plain JSON: `kind` and its options. */
export interface LayerConfig {
  readonly kind: string;
  readonly name?: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One trainable tensor of a layer. */
export interface ParameterSpec {
  /** Keras' name within the layer: "kernel", "bias". */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
  readonly fans: Fans;
}

/** What a layer may use while it adds its nodes to a graph. */
export interface BuildContext {
  readonly graph: Graph;
  /** Nodes of the layer's parameters, by the name in their spec. */
  parameter(name: string): Node;
}

/** One layer of a model: shapes and graph building, no device. Shapes leave out the batch axis. */
export interface Layer {
  readonly config: LayerConfig;
  /** Prefix of automatic names, Keras' way: "conv2d", "max_pooling2d". */
  readonly keyword: string;
  /** `what` names the layer in errors. Throws `ShapeError`. */
  outputShape(input: Shape, what: string): Shape;
  parameters(input: Shape): readonly ParameterSpec[];
  /** Multiplications (each with an addition) for one image. */
  multiplyAdds(input: Shape, what: string): number;
  /** The layer's value before `finalActivation`, which the model applies. */
  build(x: Node, context: BuildContext): Node;
  /** Applied to the value that `build` gives. */
  readonly activation: ActivationName;
}

export type ActivationName = "linear" | "relu" | "softmax";

const ACTIVATIONS: Readonly<Record<ActivationName, (graph: Graph, x: Node) => Node>> = {
  linear: (_, x) => x,
  relu: (graph, x) => graph.relu(x),
  softmax: (graph, x) => graph.softmax(x),
};

/** Checks an activation's name. */
export function activationName(what: string, name: string | undefined): ActivationName {
  const wanted = name ?? "linear";
  if (!Object.hasOwn(ACTIVATIONS, wanted)) {
    throw new ArgumentError(`${what}: unknown activation "${wanted}"; known: ${Object.keys(ACTIVATIONS).join(", ")}.`);
  }
  return wanted as ActivationName;
}

/** `activation(x)`, where the name has been checked. */
export function applyActivation(graph: Graph, x: Node, name: ActivationName): Node {
  return ACTIVATIONS[name](graph, x);
}

/** A whole number of at least `least`, or an `ArgumentError` that names it. */
export function checkCount(what: string, name: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(`${what}: ${name} must be a whole number of at least ${least}, got ${String(value)}.`);
  }
  return value;
}

/** A number or a pair as a pair [height, width]. */
export function toPair(
  what: string,
  name: string,
  value: number | readonly [number, number],
): readonly [number, number] {
  const [height, width] = typeof value === "number" ? [value, value] : value;
  return [checkCount(what, name, height), checkCount(what, name, width)];
}
