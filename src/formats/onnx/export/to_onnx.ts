import { at } from "../../../core/at.ts";
import { ArgumentError } from "../../../core/errors.ts";
import { checkOptions, describeValue } from "../../../core/options.ts";
import type { OpAttributes } from "../../../graph/op_names.ts";
import * as activations from "../../../nn/activations.ts";
import { rareActivations } from "../../../nn/late_parts.ts";
import type { Model } from "../../../nn/model.ts";
import { asItIs } from "../value.ts";
import { type FileType, FLOAT, fileBytes, INT32, type WrittenNode, type WrittenValue } from "./file.ts";
import { fusedWithReader } from "./fuse.ts";
import { ruleFor } from "./rules/index.ts";
import { type Extents, type TwinNode, twinOf } from "./twin.ts";
import { channelsFirst, type Value } from "./values.ts";
import { Unwritable, unique, Writer, Writing } from "./writing.ts";

/** Options of `toOnnx`. */
export interface ToOnnxOptions {
  /**
   * How images lie at the inputs and outputs of the file: "NCHW" (default), [batch, channels, height, width], as other programs
   * expect them and `loadOnnx` reads them; "NHWC", [batch, height, width, channels], as in this library.
   */
  imageLayout?: "NCHW" | "NHWC";
}

const TYPES: Readonly<Record<TwinNode["dtype"], FileType>> = { f32: FLOAT, i32: INT32, u32: INT32, u8: INT32 };

const isLeaf = ({ op }: TwinNode) => op === "constant" || op === "variable";

/** A tensor that the model holds. */
function leafOf(node: TwinNode): Value {
  const { op, dtype, extents, id, layer } = node;
  if (extents.some((extent) => extent < 0)) throw new Unwritable("holds as many values as the batch has images");
  const type = TYPES[dtype];
  if (op === "constant") {
    const { data } = node.attributes as OpAttributes["constant"];
    return { kind: "held", name: `${layer ?? "model"}/constant_${id}`, type, shape: extents, data };
  }
  const { variable } = node.attributes as OpAttributes["variable"];
  const data = variable.initial ?? new Float32Array(variable.size);
  return { kind: "held", name: variable.name, type, shape: extents, data };
}

function writeNode(node: TwinNode, writer: Writer): void {
  if (writer.values.has(node.id)) return;
  if (isLeaf(node)) {
    writer.values.set(node.id, leafOf(node));
    return;
  }
  const writing = new Writing(node, writer);
  const fused = fusedWithReader(writing);
  if (fused) {
    writer.values.set(node.id, fused.value);
    writer.values.set(fused.reader, fused.value);
    return;
  }
  const rule = ruleFor(node.op);
  if (rule === undefined) throw new Unwritable("has nothing like it in ONNX' opset 17");
  writer.values.set(node.id, rule(writing));
}

/** Writes every node; one error lists all that cannot be. */
function writeNodes(writer: Writer): void {
  const problems = new Map<string, Set<string>>();
  const lost = new Set<number>();
  const { nodes } = writer.twin;
  // Held tensors first: whether a bias is one decides how the node before it is written.
  for (const node of [...nodes.filter(isLeaf), ...nodes.filter((one) => !isLeaf(one))]) {
    const isLost = node.inputs.some((id) => lost.has(id));
    if (isLost) lost.add(node.id);
    // What is made of a lost value is not written, but looked at.
    if (isLost && ruleFor(node.op)) continue;
    try {
      writeNode(node, writer);
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error;
      lost.add(node.id);
      const what = `${node.op} ${error.message}`;
      problems.set(
        what,
        (problems.get(what) ?? new Set()).add(node.layer === undefined ? "the model" : `"${node.layer}"`),
      );
    }
  }
  if (problems.size === 0) return;
  const list = [...problems].map(([what, layers]) => `${what} (${[...layers].join(", ")})`).join("; ");
  throw new ArgumentError(
    `toOnnx: these cannot be written: ${list}. Compose them of other ops; docs/onnx.md lists those that can be.`,
  );
}

const extentsInFile = (extents: Extents, order: readonly number[]): (number | string)[] =>
  order.map((axis) => (at(extents, axis) < 0 ? "batch" : at(extents, axis)));

/**
 * A model as an ONNX file of opset 17, as it predicts: for a batch of any size, inside with channels first. Weights, names of layers
 * and of inputs and outputs stay; a dropout is kept for whoever trains on, other layers that only work in training are left out.
 * docs/onnx.md says what becomes of each layer. `loadOnnx` reads it back with the same weights.
 *
 * Throws `ArgumentError` that lists everything that cannot be written with the layers that have it, and where the model is being
 * trained (`trainer.syncModel()` first).
 */
export function toOnnx(model: Model, options: ToOnnxOptions = {}): Uint8Array {
  checkOptions("toOnnx", options, { imageLayout: "string" });
  const { imageLayout = "NCHW" } = options;
  if (imageLayout !== "NCHW" && imageLayout !== "NHWC") {
    throw new ArgumentError(`toOnnx: imageLayout is "NCHW" or "NHWC", got ${describeValue(imageLayout)}.`);
  }
  const orderOf = (rank: number) => (rank === 4 && imageLayout === "NCHW" ? channelsFirst(4) : asItIs(rank));
  // Graphs are built here at once, of whatever activations the layers have.
  rareActivations.provide(activations);
  const twin = twinOf(model);
  const writer = new Writer(twin, new Map(model.layers.map(({ name, layer }) => [name, layer.config])), [
    ...model.inputNames,
    ...model.outputNames,
  ]);
  const nodeOf = (id: number) => writer.node(id);
  const inputs = twin.inputs.map((id, index): WrittenValue => {
    const { extents } = nodeOf(id);
    const [name, order] = [at(model.inputNames, index), orderOf(extents.length)];
    writer.values.set(id, { kind: "made", name, type: FLOAT, extents, order });
    return { name, shape: extentsInFile(extents, order) };
  });
  writeNodes(writer);
  return finished(writer, model, inputs, orderOf);
}

/** The file, whose outputs have the model's names. */
function finished(
  writer: Writer,
  model: Model,
  inputs: readonly WrittenValue[],
  orderOf: (rank: number) => readonly number[],
): Uint8Array {
  const names = new Map<string, string>();
  // One output may be given twice.
  const outputNames = new Set<string>();
  const isOfNode = (name: string) => writer.nodes.some(({ outputs }) => outputs.includes(name));
  const outputs = writer.twin.outputs.map((id, index): WrittenValue => {
    const node = writer.node(id);
    const writing = new Writing(node, writer);
    const [order, name] = [orderOf(node.extents.length), unique(outputNames, at(model.outputNames, index))];
    const own = writing.at(writer.values.get(id) as Value, order);
    // What is an input, a held tensor or another output is given again.
    const value = isOfNode(own) && !names.has(own) ? own : writing.emit("Identity", [own]);
    names.set(value, name);
    return { name, shape: extentsInFile(node.extents, order) };
  });
  const called = (name: string) => names.get(name) ?? name;
  const nodes = writer.nodes.map((node): WrittenNode => {
    return { ...node, inputs: node.inputs.map(called), outputs: node.outputs.map(called) };
  });
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return fileBytes({ nodes, initializers: writer.initializers.filter(({ name }) => read.has(name)), inputs, outputs });
}
