/** Nodes of a model that are one node in a file. */
import { at } from "../../../core/at.ts";
import type { OpAttributes } from "../../../graph/op_names.ts";
import { product, reduced } from "./rules/reductions.ts";
import { convolution, transposedConvolution } from "./rules/windows.ts";
import type { TwinNode } from "./twin.ts";
import { extentsOf, type Held, type Value } from "./values.ts";
import type { Writer, Writing } from "./writing.ts";

/** The bias that alone is added to what a node gives: one held value a channel. */
function biasOf(writer: Writer, node: TwinNode, next: TwinNode): Held | undefined {
  if (next.op !== "add") return undefined;
  const other = next.operand("a") === node.id ? next.operand("b") : next.operand("a");
  const bias = writer.values.get(other);
  const channels = at(node.extents, node.extents.length - 1);
  return bias?.kind === "held" && bias.shape.length === 1 && bias.shape[0] === channels ? bias : undefined;
}

/** Whether a product with that is what makes a mean of a sum. */
function isShare(writer: Writer, node: TwinNode, next: TwinNode): boolean {
  if (next.op !== "mul") return false;
  const other = writer.values.get(next.operand("a") === node.id ? next.operand("b") : next.operand("a"));
  if (other?.kind !== "held" || other.shape.length > 0) return false;
  const { axes } = node.attributes as OpAttributes["sum"];
  const has = extentsOf(writer.values.get(node.operand("x")) ?? other);
  const count = axes.reduce((product, axis) => product * at(has, axis), 1);
  return axes.every((axis) => at(has, axis) > 0) && Math.abs((other.data[0] ?? 0) * count - 1) < 1e-12;
}

/** The value of a node together with the only one that reads it, where they are one node in ONNX. */
export function fusedWithReader(node: Writing): { reader: number; value: Value } | undefined {
  const { writer, node: own } = node;
  const next = writer.onlyReader(own.id);
  if (next === undefined) return undefined;
  const value = (): Value | undefined => {
    if (own.op === "sum") {
      if (!isShare(writer, own, next)) return undefined;
      return reduced(node, "ReduceMean", own.attributes as OpAttributes["sum"]);
    }
    const bias = biasOf(writer, own, next);
    if (bias === undefined) return undefined;
    if (own.op === "conv2d") return convolution(node, own.attributes as OpAttributes["conv2d"], bias);
    if (own.op === "conv2dInputGradient") {
      return transposedConvolution(node, own.attributes as OpAttributes["conv2dInputGradient"], bias);
    }
    const a = own.op === "matmul" ? node.operand("a") : undefined;
    // Rows of something with more axes take their bias by an addition.
    if (!a || (a.kind === "made" && a.rowsOf)) return undefined;
    return product(node, own.attributes as OpAttributes["matmul"], bias);
  };
  const made = value();
  return made && { reader: next.id, value: made };
}
