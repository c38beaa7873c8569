import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { checkNode } from "../graph/checks.ts";
import { type Graph, hasOpMethods } from "../graph/graph.ts";
import { addOpMethods, type GraphWithOps } from "../graph/methods.ts";
import type { Node } from "../graph/node.ts";
import { checkInitializer, type Initializer } from "./initializers.ts";
import {
  type AnyLayer,
  type BuildContext,
  type Layer,
  layerConfig,
  layerOfOne,
  layerOfParts,
  type MultiOutputLayer,
} from "./layer.ts";
import { held } from "./layers/held.ts";
import { OWN_KIND, ownLayers } from "./own_layers.ts";
import { checkRegularizer, type Regularizer } from "./regularizers.ts";

/** One weight of a layer of one's own. */
export interface OwnWeight {
  /** Extents, outermost first; [] is a scalar. */
  readonly shape: readonly number[];
  /** Default "glorotUniform" for two axes or more, "zeros" else. */
  readonly initializer?: Initializer;
  /** Added to the loss in training; default none. */
  readonly regularizer?: Regularizer;
  /** False for a statistic that the layer keeps itself, with `update`; default true. */
  readonly trainable?: boolean;
}

/** What a layer of one's own may use while it adds its nodes to a graph. */
export interface OwnLayerContext<Options> extends Pick<BuildContext, "training" | "update" | "random"> {
  /** As given when the layer was made. */
  readonly options: Options;
  /** Node of a weight, by its name. */
  weight(name: string): Node;
}

/** A kind of layer: what it makes of shapes, what it learns, and its graph. Shapes leave out the batch axis. */
export interface OwnLayerDefinition<Options> {
  /** Name in a model's config and of the layers, "squeeze": letters, digits and underscores. */
  readonly kind: string;
  /** Shape of the result. Default: that of the input. */
  outputShape?(input: readonly number[], options: Options): readonly number[];
  /** What it keeps from step to step, by name. Default: nothing. */
  weights?(input: readonly number[], options: Options): Readonly<Record<string, OwnWeight>>;
  /** Multiplications (each with an addition) for one image, for the summary. Default 0. */
  multiplyAdds?(input: readonly number[], options: Options): number;
  /** The result [batch, …outputShape] from x [batch, …input]; `graph` has every op of `corteza/graph` as a method. */
  build(graph: GraphWithOps, x: Node, context: OwnLayerContext<Options>): Node;
}

/** A kind of layer that gives several tensors: a call of it gives their list, for `model`. */
export interface OwnMultiOutputDefinition<Options> extends Omit<OwnLayerDefinition<Options>, "outputShape" | "build"> {
  /** Shapes of the results, one a tensor. */
  outputShapes(input: readonly number[], options: Options): readonly (readonly number[])[];
  /** The results, in the order of `outputShapes`, each [batch, …its shape]. */
  build(graph: GraphWithOps, x: Node, context: OwnLayerContext<Options>): readonly Node[];
}

type Definition<Options> = OwnLayerDefinition<Options> | OwnMultiOutputDefinition<Options>;

/**
 * A layer of one's own. Gives the function that makes such layers, from options that are plain JSON and a `name`:
 *
 * ```ts
 * const squareActivation = defineLayer({
 *   kind: "scaled_square",
 *   weights: (input) => ({ scale: { shape: input.slice(-1), initializer: "ones" } }),
 *   build: (graph, x, { weight }) => graph.mul(graph.mul(x, x), weight("scale")),
 * });
 * sequential({ inputShape: [28, 28, 1] }, [conv2d({ filters: 8, kernelSize: 3 }), squareActivation(), flatten(), dense({ units: 10 })]);
 * ```
 *
 * With `outputShapes` in the place of `outputShape`, and a `build` that gives a list, it has several outputs:
 *
 * ```ts
 * const momentsOfChannels = defineLayer({
 *   kind: "moments_of_channels",
 *   outputShapes: (input) => [input.slice(-1), input.slice(-1)],
 *   build: (graph, x) => [graph.mean(x, [1, 2]), graph.mean(graph.mul(x, x), [1, 2])],
 * });
 * const [first, second] = momentsOfChannels()(input([28, 28, 3]));
 * ```
 *
 * A model's config keeps it by its kind: who opens one (`modelFromConfig`, a worker's script too) calls `defineLayer` first, with
 * the same kind.
 * A second definition of a kind takes the place of the first. Throws `ArgumentError`.
 */
export function defineLayer<Options extends object = object>(
  definition: OwnMultiOutputDefinition<Options>,
): (options?: Options & { name?: string }) => MultiOutputLayer;
export function defineLayer<Options extends object = object>(
  definition: OwnLayerDefinition<Options>,
): (options?: Options & { name?: string }) => Layer;
export function defineLayer<Options extends object = object>(
  definition: Definition<Options>,
): (options?: Options & { name?: string }) => AnyLayer {
  const { kind } = definition;
  if (typeof kind !== "string" || !/^\w+$/.test(kind) || typeof definition.build !== "function") {
    throw new ArgumentError(
      `defineLayer: wants a kind of letters, digits and underscores and a function build, got kind ${describeValue(kind)} ` +
        `and build ${describeValue(definition.build)}.`,
    );
  }
  addOpMethods();
  const make = (given: object = {}) => {
    const options = given as Options & { name?: string };
    return givesSeveral(definition) ? ownLayerOfSeveral(definition, options) : ownLayer(definition, options);
  };
  ownLayers.set(kind, make);
  return make;
}

function weightSpecs<Options>(definition: Definition<Options>, input: Shape, options: Options) {
  return Object.entries(definition.weights?.(input, options) ?? {}).map(([name, weight]) => {
    const { shape, trainable, regularizer } = weight;
    const what = `layer "${definition.kind}": weight "${name}"`;
    const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    return {
      name,
      shape: [...shape],
      initializer: checkInitializer(what, weight.initializer ?? (shape.length > 1 ? "glorotUniform" : "zeros")),
      fans: { fanIn: inputs, fanOut: shape.at(-1) ?? 1 },
      ...held(checkRegularizer(what, regularizer)),
      ...(trainable === undefined ? {} : { trainable }),
    };
  });
}

function givesSeveral<Options>(definition: Definition<Options>): definition is OwnMultiOutputDefinition<Options> {
  return "outputShapes" in definition;
}

/** What both kinds of layers say of themselves. */
function membersOf<Options>(definition: Definition<Options>, options: Options & { name?: string }) {
  return {
    config: layerConfig(`${OWN_KIND}${definition.kind}`, options),
    keyword: definition.kind,
    parameters: (input: Shape) => weightSpecs(definition, input, options),
    multiplyAdds: (input: Shape) => definition.multiplyAdds?.(input, options) ?? 0,
  };
}

/** A graph on which the user's own code may call ops, and what else it may use. */
function given<Options>({ graph, parameter, training, update, random }: BuildContext, options: Options) {
  if (!hasOpMethods(graph)) throw new Error("the ops are no methods of the graph that a layer of one's own is given");
  return { graph, context: { options, weight: parameter, training, update, random } };
}

/** Throws unless a node of the user's own is what the layer's shape says. */
function checkBuilt(what: string, value: unknown, graph: Graph, x: Node, shape: Shape): Node {
  const y = checkNode(`${what}: build`, graph, value);
  const wanted = [x.shape[0] ?? 1, ...shape];
  if (sameShape(y.shape, wanted) && y.dtype === "f32") return y;
  const found = y.dtype === "f32" ? formatShape(y.shape) : `${y.dtype} ${formatShape(y.shape)}`;
  throw new ShapeError(
    `${what}: build gave ${found} for ${formatShape(x.shape)}; its outputShape says ${formatShape(wanted)}.`,
  );
}

function ownLayer<Options>(definition: OwnLayerDefinition<Options>, options: Options & { name?: string }): Layer {
  const what = `layer "${definition.kind}"`;
  const outputShape = (input: Shape) => [...(definition.outputShape?.(input, options) ?? input)];
  return layerOfOne({
    ...membersOf(definition, options),
    outputShape,
    build(x, all) {
      const { graph, context } = given(all, options);
      return checkBuilt(what, definition.build(graph, x, context), graph, x, outputShape(x.shape.slice(1)));
    },
  });
}

function ownLayerOfSeveral<Options>(
  definition: OwnMultiOutputDefinition<Options>,
  options: Options & { name?: string },
): MultiOutputLayer {
  const what = `layer "${definition.kind}"`;
  const outputShapes = (input: Shape) => definition.outputShapes(input, options).map((shape) => [...shape]);
  return layerOfParts({
    ...membersOf(definition, options),
    outputShapes,
    build(x, all) {
      const { graph, context } = given(all, options);
      const shapes = outputShapes(x.shape.slice(1));
      const built: unknown = definition.build(graph, x, context);
      if (!Array.isArray(built) || built.length !== shapes.length) {
        throw new ArgumentError(
          `${what}: build gave ${Array.isArray(built) ? `${built.length} nodes` : describeValue(built)}; its outputShapes ` +
            `says a list of ${shapes.length}.`,
        );
      }
      return shapes.map((shape, place) => checkBuilt(what, built[place], graph, x, shape));
    },
  });
}
