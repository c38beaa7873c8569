import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { hasOpMethods } from "../graph/graph.ts";
import { addOpMethods, type GraphWithOps } from "../graph/methods.ts";
import type { Node } from "../graph/node.ts";
import { checkInitializer, type Initializer } from "./initializers.ts";
import { type BuildContext, type Layer, layerConfig, layerOfOne } from "./layer.ts";
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
 * A model's config keeps it by its kind: who opens one (`modelFromConfig`, a worker's script too) calls `defineLayer` first, with
 * the same kind.
 * A second definition of a kind takes the place of the first. Throws `ArgumentError`.
 */
export function defineLayer<Options extends object = object>(
  definition: OwnLayerDefinition<Options>,
): (options?: Options & { name?: string }) => Layer {
  const { kind } = definition;
  if (typeof kind !== "string" || !/^\w+$/.test(kind) || typeof definition.build !== "function") {
    throw new ArgumentError(
      `defineLayer: wants a kind of letters, digits and underscores and a function build, got kind ${describeValue(kind)} ` +
        `and build ${describeValue(definition.build)}.`,
    );
  }
  addOpMethods();
  const make = (given: object = {}) => ownLayer(definition, given as Options & { name?: string });
  ownLayers.set(kind, make);
  return make;
}

function weightSpecs<Options>(definition: OwnLayerDefinition<Options>, input: Shape, options: Options) {
  return Object.entries(definition.weights?.(input, options) ?? {}).map(([name, weight]) => {
    const { shape, trainable, regularizer } = weight;
    const what = `layer "${definition.kind}": weight "${name}"`;
    const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    return {
      name,
      shape: [...shape],
      initializer: checkInitializer(what, weight.initializer ?? (shape.length > 1 ? "glorotUniform" : "zeros")),
      fans: { fanIn: inputs, fanOut: shape.at(-1) ?? 1 },
      regularizer: checkRegularizer(what, regularizer),
      ...(trainable === undefined ? {} : { trainable }),
    };
  });
}

function ownLayer<Options>(definition: OwnLayerDefinition<Options>, given: Options & { name?: string }): Layer {
  const { kind } = definition;
  const options: Options = given;
  const outputShape = (input: Shape) => definition.outputShape?.(input, options) ?? input;
  return layerOfOne({
    config: layerConfig(`${OWN_KIND}${kind}`, given),
    keyword: kind,
    outputShape: (input) => [...outputShape(input)],
    parameters: (input) => weightSpecs(definition, input, options),
    multiplyAdds: (input) => definition.multiplyAdds?.(input, options) ?? 0,
    build(x, { graph, parameter, training, update, random }) {
      if (!hasOpMethods(graph))
        throw new Error("the ops are no methods of the graph that a layer of one's own is given");
      const y = definition.build(graph, x, { options, weight: parameter, training, update, random });
      const wanted = [x.shape[0] ?? 1, ...outputShape(x.shape.slice(1))];
      if (!sameShape(y.shape, wanted)) {
        throw new ShapeError(
          `layer "${kind}": build gave ${formatShape(y.shape)} for ${formatShape(x.shape)}; its outputShape says ${formatShape(wanted)}.`,
        );
      }
      return y;
    },
  });
}
