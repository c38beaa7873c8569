import { ArgumentError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { DType, Tensor } from "../../core/tensor.ts";
import type { Graph } from "../../graph/graph.ts";
import { Node } from "../../graph/node.ts";
import { Lowering } from "./lowering.ts";
import { parseModel } from "./messages.ts";
import { asFormatErrors, readGraph } from "./read.ts";
import { graphTarget } from "./target.ts";
import { elementType, parseTensor } from "./tensors.ts";
import { asItIs, rankOf, type Value } from "./value.ts";

/** An input or an output of an ONNX graph. */
export interface OnnxTensorInfo {
  /** The file's. */
  readonly name: string;
  /** Extents; a text is one that the file leaves open. Undefined where it says nothing. */
  readonly shape: readonly (number | string)[] | undefined;
  /** What it is in a graph of this library: whole numbers are i32, truth values u32. */
  readonly dtype: DType;
}

/** An ONNX file as the ops that it is made of. */
export interface OnnxGraph {
  /** Those that are no initializers. */
  readonly inputs: readonly OnnxTensorInfo[];
  /** In the file's order. */
  readonly outputs: readonly OnnxTensorInfo[];
  /**
   * Adds the file's ops to a graph, from nodes by the names of its inputs to nodes by the names of its outputs, every axis where the
   * file has it. An input may be a tensor of numbers: what ops want to know beforehand (shapes, a dropout's ratio) has to be.
   * Throws `FormatError` and `ArgumentError`.
   */
  build(graph: Graph, inputs: Readonly<Record<string, Node | Tensor>>): Record<string, Node>;
}

const NODE_TYPES = { float: "f32", int: "i32", bool: "u32" } as const;
const ELEMENT_TYPES = { f32: "float", i32: "int", u32: "bool", u8: "int" } as const;

function givenValue(given: Node | Tensor, dtype: DType): Value {
  if (given instanceof Node) {
    return { kind: "computed", handle: given, order: asItIs(given.shape.length), type: ELEMENT_TYPES[given.dtype] };
  }
  return { kind: "known", shape: given.shape, data: given.data, type: ELEMENT_TYPES[dtype] };
}

/**
 * Any ONNX file of supported ops, one without a batch too, for graphs of one's own: losses, optimizers, parts of networks. A network
 * that is to predict and train is a model: `loadOnnx`. Throws `FormatError` where it is no ONNX file.
 */
export function onnxGraph(bytes: ArrayBuffer | Uint8Array): OnnxGraph {
  const file = parseModel(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const info = ({ name, shape, dataType }: { name: string; shape: OnnxTensorInfo["shape"]; dataType: number }) => ({
    ...{ name, shape, dtype: NODE_TYPES[elementType(dataType) ?? "float"] },
  });
  return {
    inputs: file.graph.inputs.map(info),
    outputs: file.graph.outputs.map(info),
    build(graph, given) {
      const values = new Map<string, Value>();
      for (const { name, dataType } of file.graph.inputs) {
        const one = Object.hasOwn(given, name) ? given[name] : undefined;
        if (one === undefined) throw new ArgumentError(`onnxGraph: the input "${name.slice(0, 60)}" is missing.`);
        values.set(name, givenValue(one, NODE_TYPES[elementType(dataType) ?? "float"]));
      }
      const target = graphTarget(graph);
      const results = readGraph(file, file.graph.nodes, values, { target });
      const entries = file.graph.outputs.map(({ name }, index): [string, Node] => {
        const node = { name, op: "output", domain: "", inputs: [], outputs: [], attributes: new Map() };
        const lowering = new Lowering(node, [], { target, opsets: file.opsets, declaredBatch: undefined, budget: 0 });
        const value = results[index] as Value;
        const handle = asFormatErrors("ONNX", () => lowering.handle(value, asItIs(rankOf(value))));
        if (handle instanceof Node) return [name, handle];
        throw new ArgumentError(
          `onnxGraph: the output "${name.slice(0, 60)}" is no node but ${formatShape(handle.shape)}.`,
        );
      });
      return Object.fromEntries(entries);
    },
  };
}

/** A tensor of a file of its own (.pb), as ONNX' test data are: floats as they are, whole numbers too. Throws `FormatError`. */
export function loadOnnxTensor(bytes: ArrayBuffer | Uint8Array): Tensor<Float64Array> & { name: string } {
  const { name, shape, data } = parseTensor(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), "tensor");
  return { name, shape: [...shape], data: Float64Array.from(data) };
}
