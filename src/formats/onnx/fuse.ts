import type { FileGraph, FileNode } from "./messages.ts";
import type { FileTensor } from "./tensors.ts";

/** How often each value is read, by nodes and as a result. */
function readersOf({ nodes, outputs }: FileGraph): Map<string, number> {
  const readers = new Map<string, number>();
  const names = [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)];
  for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1);
  return readers;
}

/** Tensors that a file holds: initializers, and those of nodes that are constants. */
function constantsOf({ nodes, initializers }: FileGraph): Map<string, FileTensor> {
  const constants = new Map(initializers);
  for (const { op, domain, outputs, attributes } of nodes) {
    const value = op === "Constant" && domain === "" ? attributes.get("value") : undefined;
    if (typeof value === "object" && "data" in value) constants.set(outputs[0] ?? "", value);
  }
  return constants;
}

/** Nodes that turn weights before they are used. */
const TURNING: ReadonlySet<string> = new Set(["Reshape", "Transpose", "Identity", "Cast"]);

/** Whether an addend is one value for each output: [channels, 1, 1] of a convolution, [columns] of a product, 1s in front. */
function isBias(
  { op, attributes }: FileNode,
  weights: FileTensor | undefined,
  { shape, type, data }: FileTensor,
): boolean {
  const place = shape.length - (op === "MatMul" ? 1 : 3);
  if (type !== "float" || (place !== 0 && place !== 1) || shape[place] !== data.length) return false;
  // How many columns turned weights have is known only later; where the bias has others, it is an addition after all.
  if (op === "MatMul") return weights === undefined || (weights.shape.length === 2 && weights.shape[1] === data.length);
  if (weights?.shape.length !== 4) return false;
  const [first, second = 1] = weights.shape;
  return data.length === (op === "Conv" ? first : second * Number(attributes.get("group") ?? 1));
}

/**
 * The file's nodes, in which an addition of one constant a channel is the bias of the convolution or matrix product before it, so
 * that a model has it as a layer's bias, which is trained. Files of some exporters add biases by nodes of their own.
 */
export function withBiases(graph: FileGraph): FileNode[] {
  const readers = readersOf(graph);
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const constants = constantsOf(graph);
  const isTurned = (name: string) => {
    const maker = makers.get(name);
    return maker !== undefined && TURNING.has(maker.op) && maker.inputs.every((one) => constants.has(one));
  };
  const replaced = new Map<FileNode, FileNode | undefined>();
  for (const node of graph.nodes) {
    if (node.op !== "Add" || node.domain !== "" || node.inputs.length !== 2) continue;
    const [left = "", right = ""] = node.inputs;
    for (const [value, addend] of [
      [left, right],
      [right, left],
    ] as const) {
      const [product, bias] = [makers.get(value), constants.get(addend)];
      const takesOne = product?.domain === "" && ["Conv", "ConvTranspose", "MatMul"].includes(product.op);
      if (!product || !bias || !takesOne || product.inputs.length !== 2 || readers.get(value) !== 1) continue;
      const name = product.inputs[1] ?? "";
      if (!constants.has(name) && !(product.op === "MatMul" && isTurned(name))) continue;
      if (!isBias(product, constants.get(name), bias)) continue;
      replaced.set(product, undefined);
      replaced.set(node, { ...product, inputs: [...product.inputs, addend], outputs: node.outputs });
      break;
    }
  }
  return graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
}
