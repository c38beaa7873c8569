import { ArgumentError, FormatError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { Node } from "../../graph/node.ts";
import { activation } from "../../nn/layers/activation.ts";
import { operation } from "../../nn/layers/operation.ts";
import type { Model } from "../../nn/model.ts";
import { model } from "../../nn/sequential.ts";
import { input, type SymbolicTensor } from "../../nn/symbolic_tensor.ts";
import { withBiases } from "./fuse.ts";
import { Lowering } from "./lowering.ts";
import { type FileValue, parseModel } from "./messages.ts";
import { asFormatErrors, readGraph } from "./read.ts";
import { ModelTarget } from "./target.ts";
import { asItIs, BATCH, type Computed, channelsLast, rankOf, sizeOf, type Value } from "./value.ts";

/** What the file said of an input or an output, and how it lies in the model. */
export interface OnnxTensorLayout {
  /** The file's name for it. */
  readonly name: string;
  /** The file's extents with the batch in front; a text is one that the file leaves open. Undefined where it says nothing. */
  readonly fileShape: readonly (number | string)[] | undefined;
  /** How the model's tensor lies: images [batch, channels, height, width] of the file are channels last. */
  readonly layout: "NHWC" | "as in the file";
}

/** What the file had, in the order of the model's inputs and outputs. */
export interface OnnxLayout {
  /** In the order of `model.inputNames`. */
  readonly inputs: readonly OnnxTensorLayout[];
  /** In the order of `model.outputNames`. */
  readonly outputs: readonly OnnxTensorLayout[];
}

/** A model that was an ONNX file. */
export type OnnxModel = Model & { readonly layout: OnnxLayout };

/** Options of `loadOnnx`. */
export interface LoadOnnxOptions {
  /** One image's extents as the file counts them, [channels, height, width], by the input's name: for extents that the file leaves open. */
  inputShapes?: Readonly<Record<string, readonly number[]>>;
}

/** TensorProto.DataType's numbers of floats. */
const FLOATS: readonly number[] = [1, 10, 11, 16];

const orderOf = (rank: number): number[] => (rank === 4 ? channelsLast(4) : asItIs(rank));

/** One image's extents, as the file counts them. */
function imageShape({ name, shape, dataType }: FileValue, given: readonly number[] | undefined): readonly number[] {
  const shown = name.slice(0, 60);
  if (!FLOATS.includes(dataType)) {
    throw new FormatError(`ONNX: input "${shown}" is no tensor of floats, which is what a model takes; use onnxGraph.`);
  }
  if (shape === undefined || shape.length === 0) {
    throw new FormatError(`ONNX: input "${shown}" has no batch axis, which a model's has; use onnxGraph.`);
  }
  const extents = given ?? shape.slice(1);
  if (extents.length !== shape.length - 1) {
    throw new ArgumentError(
      `loadOnnx: inputShapes gives "${shown}" ${extents.length} extents, the file has ${shape.length - 1}.`,
    );
  }
  return extents.map((extent, axis) => {
    if (typeof extent === "number" && Number.isSafeInteger(extent) && extent > 0) return extent;
    throw new FormatError(
      `ONNX: input "${shown}" leaves its axis ${axis + 1} open; say what it is: loadOnnx(bytes, { inputShapes: { "${shown}": [3, 224, 224] } }).`,
    );
  });
}

/** An output as a model gives it: f32, images channels last, one for each image. */
function outputTensor(value: Value, target: ModelTarget, name: string): SymbolicTensor {
  const node = { name, op: "output", domain: "", inputs: [], outputs: [], attributes: new Map() };
  const lowering = new Lowering(node, [], { target, opsets: new Map(), declaredBatch: undefined, budget: 0 });
  const handle = lowering.handle(value, orderOf(rankOf(value)));
  if (handle instanceof Node) throw new FormatError("ONNX: a model has no nodes.");
  // An output that is an input is one after a layer that does nothing: a model gives what layers make.
  if (handle.origin === undefined) return activation("linear")(handle);
  return handle.dtype === "f32" ? handle : operation({ op: "cast", attributes: ["f32"] })(handle);
}

/**
 * The network of an ONNX file, of opset 7 to 25, as a model that predicts and trains: weights of convolutions, dense layers and
 * batch norms are its parameters, other constants stay as they are. Images are channels last, as everywhere in this library:
 * an input [batch, 3, 224, 224] of the file is one of [224, 224, 3] here; `model.layout` says what the file had. The first axis
 * of inputs is the batch, of any size. docs/onnx.md lists the ops, and what is not read.
 *
 * Throws `FormatError`: for what is no ONNX file, for weights that lie in another file, and one that lists all ops that are not
 * supported with the names of their nodes. No size that the file declares is believed before it was held against its bytes.
 */
export function loadOnnx(bytes: ArrayBuffer | Uint8Array, options: LoadOnnxOptions = {}): OnnxModel {
  checkOptions("loadOnnx", options, { inputShapes: "any" });
  const file = parseModel(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const target = new ModelTarget();
  const given = new Map<string, Computed>();
  const inputs = file.graph.inputs.map((one) => {
    const shapes = options.inputShapes;
    const shape = imageShape(one, shapes && Object.hasOwn(shapes, one.name) ? shapes[one.name] : undefined);
    const order = orderOf(shape.length + 1);
    const own = order.slice(1).map((axis) => shape[axis - 1] ?? 1);
    if (sizeOf(own) >= BATCH * BATCH) throw new FormatError(`ONNX: input "${one.name.slice(0, 60)}" is too large.`);
    const tensor = asFormatErrors("ONNX", () => input(own));
    given.set(one.name, { kind: "computed", type: "float", handle: tensor, order });
    return tensor;
  });
  if (inputs.length === 0) throw new FormatError("ONNX: the file has no inputs; a model wants one.");
  const declared = file.graph.inputs[0]?.shape?.[0];
  const declaredBatch = typeof declared === "number" && declared > 0 ? declared : undefined;
  const values = readGraph(file, withBiases(file.graph), given, { target, declaredBatch });
  const result = asFormatErrors("ONNX", () => {
    const outputs = values.map((value, index) => outputTensor(value, target, file.graph.outputs[index]?.name ?? ""));
    const made = model({ inputs, outputs });
    const there = new Map([...target.weights].filter(([name]) => made.parameters.has(name)));
    made.setParameters(there, { partial: true });
    return made;
  });
  const layoutOf = ({ name, shape }: FileValue, rank: number): OnnxTensorLayout => ({
    ...{ name, fileShape: shape, layout: rank === 4 ? "NHWC" : "as in the file" },
  });
  const layout: OnnxLayout = {
    inputs: file.graph.inputs.map((one, index) => layoutOf(one, (inputs[index]?.shape.length ?? 0) + 1)),
    outputs: file.graph.outputs.map((one, index) => layoutOf(one, rankOf(values[index] as Value))),
  };
  return Object.assign(result, { layout });
}
