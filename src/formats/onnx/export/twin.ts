/**
 * A model as a graph of which it is known where the batch is: two graphs are built, of batches of 2 and of 3, and what differs
 * between them depends on the batch.
 */
import { at } from "../../../core/at.ts";
import { InternalError } from "../../../core/errors.ts";
import { Graph } from "../../../graph/graph.ts";
import type { Attributes, Node } from "../../../graph/node.ts";
import { broadcastTo } from "../../../graph/ops/broadcast_to.ts";
import type { Model } from "../../../nn/model.ts";
import type { TensorType } from "../../../nn/symbolic_tensor.ts";

const BATCHES = [2, 3] as const;

/** Extents of a tensor; one below 0 is that many times the batch. */
export type Extents = readonly number[];

/** A node of both graphs. */
export interface TwinNode {
  readonly id: number;
  readonly op: string;
  readonly extents: Extents;
  readonly dtype: Node["dtype"];
  /** The layer's name. */
  readonly layer: string | undefined;
  readonly attributes: Attributes;
  /** Whether an attribute that is a list of numbers differs between the batches. */
  readonly dependsOnBatch: (name: string) => boolean;
  /** Ids by the operands' names. */
  operand(name: string): number;
  operands(name: string): readonly number[];
  readonly inputs: readonly number[];
}

export interface Twin {
  readonly nodes: readonly TwinNode[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** What a model's JSON says of its calls. */
function callsOf(model: Model) {
  const config = model.toJSON();
  if (config.kind === "functional") return { calls: config.calls, outputs: config.outputs };
  const calls = model.layers.map(({ name }, index) => ({ layer: name, inputs: [index] }));
  return { calls, outputs: [calls.length] };
}

/**
 * Layers whose work in training an ONNX file can say: a dropout without a shape of its own. All others are written as they
 * predict.
 */
const keepsTraining = ({ kind, options }: { kind: string; options: Readonly<Record<string, unknown>> }): boolean =>
  kind === "dropout" && options["noiseShape"] === undefined;

/** The model's nodes for so many images. */
function built(model: Model, batch: number): { graph: Graph; inputs: Node[]; outputs: Node[] } {
  const graph = new Graph();
  const { calls, outputs } = callsOf(model);
  const layers = new Map(model.layers.map(({ name, layer }) => [name, layer]));
  const variables = new Map(model.variables.map((variable) => [variable.name, variable]));
  const inputs = model.inputShapes.map((shape, index) => graph.input(String(index), [batch, ...shape]));
  const values: { node: Node; type: TensorType }[] = inputs.map((node, index) => ({
    ...{ node, type: { shape: at(model.inputShapes, index), dtype: "f32", isConstant: false } },
  }));
  const forEachImage = (tensor: number): Node => {
    const { node, type } = at(values, tensor);
    return type.isConstant ? broadcastTo(graph, node, [batch, ...node.shape]) : node;
  };
  for (const call of calls) {
    const layer = layers.get(call.layer);
    if (layer === undefined)
      throw new InternalError(`toOnnx: a call of the layer "${call.layer}", which is not there.`);
    const types = layer.outputTypes?.(
      call.inputs.map((tensor) => at(values, tensor).type),
      `layer "${call.layer}"`,
    );
    graph.inLayer(call.layer, () => {
      const made = layer.build(
        call.inputs.map((tensor) => (types ? at(values, tensor).node : forEachImage(tensor))),
        {
          ...{ graph, batch, labels: undefined, update: () => undefined },
          training: keepsTraining(layer.config),
          random: () => ({ seed: 0, stream: 0, step: graph.constant(0, [], "u32") }),
          parameter(name) {
            const variable = variables.get(`${call.layer}/${name}`);
            if (variable) return graph.variable(variable);
            throw new InternalError(`toOnnx: layer "${call.layer}" has no parameter "${name}".`);
          },
        },
      );
      made.forEach((linear, place) => {
        const node = layer.activate(graph, linear);
        const type = types?.[place] ?? { shape: node.shape.slice(1), dtype: node.dtype, isConstant: false };
        values.push({ node, type });
      });
    });
  }
  return { graph, inputs, outputs: outputs.map(forEachImage) };
}

function extentsOf([two, three]: readonly [Node, Node]): Extents {
  return two.shape.map((extent, axis) => {
    const other = at(three.shape, axis);
    if (extent === other) return extent;
    const times = extent / BATCHES[0];
    if (times * BATCHES[1] !== other) throw new InternalError(`toOnnx: an extent is ${extent} or ${other}.`);
    return -times;
  });
}

const asText = (value: unknown) => (ArrayBuffer.isView(value) ? String(value) : JSON.stringify(value));

/** The nodes that the outputs are made of, each behind what it reads. */
export function twinOf(model: Model): Twin {
  const [two, three] = BATCHES.map((batch) => built(model, batch)) as [
    ReturnType<typeof built>,
    ReturnType<typeof built>,
  ];
  const needed = new Set<Node>();
  const visit = [...two.outputs];
  for (let node = visit.pop(); node !== undefined; node = visit.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  const nodes = two.graph.nodes.flatMap((node, index): TwinNode[] => {
    const other = at(three.graph.nodes, index);
    if (!needed.has(node)) return [];
    if (other.op !== node.op) throw new InternalError("toOnnx: a layer builds another graph for another batch.");
    const { id, op, dtype, layer, attributes } = node;
    const both = [attributes, other.attributes].map((one) => new Map<string, unknown>(Object.entries(one)));
    return [
      {
        ...{ id, op: op.name, extents: extentsOf([node, other]), dtype, layer, attributes },
        dependsOnBatch: (name) => asText(both[0]?.get(name)) !== asText(both[1]?.get(name)),
        operand: (name) => node.operand(name).id,
        operands: (name) => node.operands(name).map((one) => one.id),
        inputs: node.inputs.map((one) => one.id),
      },
    ];
  });
  return { nodes, inputs: two.inputs.map((node) => node.id), outputs: two.outputs.map((node) => node.id) };
}
