import { ArgumentError, CortezaError, ShapeError } from "../../core/errors.ts";
import { knownHint } from "../../core/hints.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import {
  type AnyLayer,
  activated,
  callable,
  callableForSeveral,
  type Layer,
  layerConfig,
  type MultiOutputLayer,
} from "../layer.ts";
import { graphLayers } from "../own_layers.ts";
import type { TensorType } from "../symbolic_tensor.ts";
import { checkAttributes, withBatch } from "./attribute_kinds.ts";
import { type Operation, operations } from "./operation_table.ts";

/** Options of `operation`. */
export interface OperationOptions {
  /** Name of an op of `corteza/graph`: "maxPool2d". */
  op: string;
  /**
   * What the op takes behind its operands, in a list: `[[1, 2], true]` for `sum(x, axes, keepDims)`; or the one object that it
   * takes: `{ size: [2, 2] }`. Plain JSON. Axis 0 is the batch, whose extent is written as "batch": `["batch", 4, 2]`.
   */
  attributes?: readonly unknown[] | object;
  /** Default: made from the op's name. */
  name?: string;
}

/** Calls an op's builder; whatever goes wrong with attributes of a stranger's is a typed error. */
function built(
  what: string,
  { op, build }: Operation & { op: string },
  { graph, xs, attributes }: { graph: Graph; xs: readonly Node[]; attributes: readonly unknown[] },
): readonly Node[] {
  try {
    const result = build(graph, xs, attributes);
    return Array.isArray(result) ? result : [result as Node];
  } catch (cause) {
    const message = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
    if (cause instanceof ShapeError) throw new ShapeError(message, { cause });
    if (cause instanceof CortezaError) throw new ArgumentError(message, { cause });
    throw new ArgumentError(`${what}: operation "${op}" cannot take these attributes (${String(cause)}).`, { cause });
  }
}

/** Tensors as a graph has them that works on `batch` images at a time. */
function operandsOf(graph: Graph, inputs: readonly TensorType[], batch: number): Node[] {
  return inputs.map(({ shape, dtype, isConstant }, index) =>
    graph.input(String(index), isConstant ? shape : [batch, ...shape], dtype),
  );
}

/** What the op gives, found out by two graphs of other batches: what differs between them is the batch axis. */
function typesOf(
  what: string,
  known: Operation & { op: string },
  inputs: readonly TensorType[],
  attributes: readonly unknown[],
): TensorType[] {
  const isConstant = inputs.every((input) => input.isConstant);
  const [two, three] = [2, 3].map((batch) => {
    const graph = new Graph();
    const own = withBatch(what, attributes, isConstant ? undefined : batch);
    return built(what, known, { graph, xs: operandsOf(graph, inputs, batch), attributes: own });
  }) as [readonly Node[], readonly Node[]];
  return two.map(({ shape, dtype }, place): TensorType => {
    const other = three[place]?.shape ?? [];
    if (isConstant) return { shape, dtype, isConstant };
    if (shape[0] === 2 && other[0] === 3 && sameShape(shape.slice(1), other.slice(1))) {
      return { shape: shape.slice(1), dtype, isConstant };
    }
    throw new ShapeError(
      `${what}: operation "${known.op}" gives ${formatShape(shape)} for 2 images and ${formatShape(other)} for 3; axis 0 must ` +
        "stay the batch, each image by itself.",
    );
  });
}

/**
 * Any op of `corteza/graph` as a layer, which is kept in a model's JSON: `operation({ op: "logSumExp", attributes: [-1] })(x)`,
 * `operation({ op: "where" })(condition, a, b)`. Operands come in the call, attributes behind them as in the graph; a number may
 * take an operand's place at the end: `operation({ op: "mul", attributes: [2] })(x)`. `batchNorm` takes x, gamma, beta, mean and
 * variance as operands, `layerNorm` and its kin x, gamma and beta. An op that gives several tensors, `split`, gives their list.
 *
 * Tensors have the batch as axis 0, which must stay where it is; what `constant` makes has none, and so has what ops make of
 * constants alone. Types are the op's: what a comparison gives is u32. The summary does not count multiplications. Ops that
 * change variables, draw random numbers or belong to a trainer's step are left out.
 *
 * To open a JSON with it, give its maker: `modelFromConfig(config, { layers: { constant, operation } })`.
 *
 * Throws `ArgumentError` for an unknown op and for attributes that are none, `ShapeError` where operands do not fit.
 */
export function operation(options: OperationOptions & { op: "split" }): MultiOutputLayer;
export function operation(options: OperationOptions): Layer;
export function operation(options: OperationOptions): AnyLayer {
  graphLayers.set("operation", operation);
  checkOptions("operation", options, { op: "string", attributes: "any", name: "string" });
  const { op } = options;
  const found = operations.get(op);
  if (found === undefined) {
    throw new ArgumentError(`operation: unknown op ${describeValue(op)}; ${knownHint(op, [...operations.keys()])}`);
  }
  const known = { ...found, op };
  const attributes = checkAttributes(`operation "${op}"`, options.attributes, found.attributes);
  const keyword = op.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const what = `layer "${options.name ?? keyword}"`;
  const [least, most] = found.operands;
  const outputTypes = (inputs: readonly TensorType[], where: string) => {
    if (inputs.length < least || inputs.length > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      throw new ArgumentError(`${where}: operation "${op}" takes ${wanted} tensors, got ${inputs.length}.`);
    }
    return typesOf(where, known, inputs, attributes);
  };
  return (op === "split" ? callableForSeveral : callable)({
    config: layerConfig("operation", {
      ...structuredClone({ op, attributes: options.attributes ?? [] }),
      name: options.name,
    }),
    keyword,
    ...activated(),
    trainable: true,
    outputTypes,
    outputShapes: (inputs, where) =>
      outputTypes(
        inputs.map((shape) => ({ shape, dtype: "f32", isConstant: false })),
        where,
      ).map(({ shape }) => shape),
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (xs, { graph, batch }) => built(what, known, { graph, xs, attributes: withBatch(what, attributes, batch) }),
  });
}
