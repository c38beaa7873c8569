import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Fans, InitializerName } from "./initializers.ts";
import { connect, SymbolicTensor } from "./symbolic_tensor.ts";

/** A layer as plain JSON: `kind` and its options. */
export interface LayerConfig {
  readonly kind: string;
  readonly name?: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One tensor of a layer that outlives a step. */
export interface ParameterSpec {
  /** Keras' name within the layer: "kernel", "bias". */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
  readonly fans: Fans;
  /** Whether an optimizer moves it; default true. False for statistics that the layer keeps itself. */
  readonly trainable?: boolean;
}

/** What a layer may use while it adds its nodes to a graph. */
export interface BuildContext {
  readonly graph: Graph;
  /** Whether the graph is a training step, in which statistics are those of the batch. */
  readonly training: boolean;
  /** In a training step, i32 [batch]: images with a negative label only fill up a last, shorter batch. */
  readonly labels: Node | undefined;
  /** Node of a parameter, by the name in its spec; after `update`, its new value. */
  parameter(name: string): Node;
  /** Sets a parameter that is not trainable at the end of the step. */
  update(name: string, value: Node): void;
}

/** What a layer says of itself; shapes leave out the batch axis, `what` names the layer in errors. */
interface LayerMembers {
  readonly config: LayerConfig;
  /** Prefix of automatic names, Keras' way: "conv2d", "max_pooling2d". */
  readonly keyword: string;
  /** Applied to the value that `build` gives. */
  readonly activation: ActivationName;
  /** Throws `ShapeError` where the inputs do not fit. */
  outputShape(inputs: readonly Shape[], what: string): Shape;
  parameters(inputs: readonly Shape[]): readonly ParameterSpec[];
  /** Multiplications (each with an addition) for one image. */
  multiplyAdds(inputs: readonly Shape[], what: string): number;
  /** The layer's value before its `activation`, which the model applies. */
  build(inputs: readonly Node[], context: BuildContext): Node;
}

/**
 * One layer of a model: shapes and graph building, no device. It goes into the list of `sequential`, or is called on
 * symbolic tensors for `model`; each further call within one model uses the same weights.
 */
export interface Layer extends LayerMembers {
  (inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
}

function callable(members: LayerMembers): Layer {
  const layer: Layer = Object.assign(
    (inputs: SymbolicTensor | readonly SymbolicTensor[]) =>
      connect(layer, inputs instanceof SymbolicTensor ? [inputs] : Array.isArray(inputs) ? inputs : [inputs]),
    members,
  );
  return layer;
}

/** A layer of one input, as its file declares it. */
export interface LayerDefinition extends Pick<LayerMembers, "config" | "keyword" | "activation"> {
  outputShape(input: Shape, what: string): Shape;
  parameters(input: Shape): readonly ParameterSpec[];
  multiplyAdds(input: Shape, what: string): number;
  build(x: Node, context: BuildContext): Node;
}

/** Declares a layer of one input. */
export function defineLayer(definition: LayerDefinition): Layer {
  function only<T>(inputs: readonly T[], what: string): T {
    const [input, ...others] = inputs;
    if (input === undefined || others.length > 0) {
      throw new ArgumentError(`${what}: takes one tensor, got ${inputs.length}; add() or multiply() combine several.`);
    }
    return input;
  }
  const { config, keyword, activation } = definition;
  return callable({
    config,
    keyword,
    activation,
    outputShape: (inputs, what) => definition.outputShape(only(inputs, what), what),
    parameters: (inputs) => definition.parameters(only(inputs, keyword)),
    multiplyAdds: (inputs, what) => definition.multiplyAdds(only(inputs, what), what),
    build: (inputs, context) => definition.build(only(inputs, keyword), context),
  });
}

/** Declares a layer that combines two or more tensors of one shape, one after the other, and has no parameters. */
export function defineMergingLayer(
  kind: string,
  options: { name?: string },
  combine: (graph: Graph, x: Node, y: Node) => Node,
  finish: (graph: Graph, x: Node, inputs: number) => Node = (_, x) => x,
): Layer {
  return callable({
    config: { kind, ...options, options: {} },
    keyword: kind,
    activation: "linear",
    outputShape(inputs, what) {
      const [first, ...others] = inputs;
      if (first === undefined || others.length === 0) {
        throw new ArgumentError(`${what}: takes a list of at least two tensors, got ${inputs.length}.`);
      }
      for (const other of others) {
        if (!sameShape(first, other)) {
          throw new ShapeError(`${what}: combines equal shapes, got ${formatShape(first)} and ${formatShape(other)}.`);
        }
      }
      return first;
    },
    parameters: () => [],
    multiplyAdds: () => 0,
    build(inputs, { graph }) {
      const [first, ...others] = inputs;
      if (first === undefined) throw new ArgumentError(`${kind}: takes at least two tensors.`);
      return finish(
        graph,
        others.reduce((x, y) => combine(graph, x, y), first),
        inputs.length,
      );
    },
  });
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
