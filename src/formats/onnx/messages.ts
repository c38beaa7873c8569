/** The messages of an ONNX file that say what is computed. Field numbers: onnx/onnx.proto. */
import { FormatError } from "../../core/errors.ts";
import { fileHint, firstBytes } from "../../core/foreign_file.ts";
import { type FileTensor, parseTensor } from "./tensors.ts";
import { bytesOf, type Field, fieldsOf, floatsOf, numberOf, numbersOf, textOf } from "./wire.ts";

/** An attribute of a node. A graph inside a node is not read: who wants one is an op that is not supported. */
export type Attribute = number | string | readonly number[] | FileTensor;

export interface FileNode {
  readonly name: string;
  readonly op: string;
  /** "" is ONNX' own. */
  readonly domain: string;
  /** Names of values; "" is one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** What a file says of an input or an output. */
export interface FileValue {
  readonly name: string;
  /** TensorProto.DataType. */
  readonly dataType: number;
  /** A text is an extent that is left open; undefined where nothing is said. */
  readonly shape: readonly (number | string)[] | undefined;
}

export interface FileGraph {
  readonly nodes: readonly FileNode[];
  readonly initializers: ReadonlyMap<string, FileTensor>;
  /** Those that are no initializers. */
  readonly inputs: readonly FileValue[];
  readonly outputs: readonly FileValue[];
}

export interface FileModel {
  readonly graph: FileGraph;
  /** Versions of the op sets by domain. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** What an attribute holds, by the number of its field. */
function attributeValue(field: Field, what: string): Attribute | undefined {
  if (field.number === 2) return floatsOf(field, 4, what)[0] ?? 0;
  if (field.number === 3) return numberOf(field, what);
  if (field.number === 4) return textOf(field, what);
  if (field.number === 5) return parseTensor(bytesOf(field, what), what);
  return undefined;
}

function parseAttribute(bytes: Uint8Array, node: string): [string, Attribute] | undefined {
  const what = `an attribute of ${node}`;
  let name = "";
  let single: Attribute | undefined;
  const list: number[] = [];
  let type = 0;
  for (const field of fieldsOf(bytes, what)) {
    if (field.number === 1) name = textOf(field, what);
    else if (field.number === 20) type = numberOf(field, what);
    else if (field.number === 7) list.push(...floatsOf(field, 4, what));
    else if (field.number === 8) for (const one of numbersOf(field, what)) list.push(one);
    else single = attributeValue(field, what) ?? single;
  }
  // A list may be empty; 6 and 7 are FLOATS and INTS.
  if (list.length > 0 || type === 6 || type === 7) return [name, list];
  return single === undefined ? undefined : [name, single];
}

function parseNode(bytes: Uint8Array, index: number): FileNode {
  const given = `node ${index}`;
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let [name, op, domain] = ["", "", ""];
  for (const field of fieldsOf(bytes, given)) {
    if (field.number === 1) inputs.push(textOf(field, given));
    else if (field.number === 2) outputs.push(textOf(field, given));
    else if (field.number === 3) name = textOf(field, given);
    else if (field.number === 4) op = textOf(field, given);
    else if (field.number === 7) domain = textOf(field, given);
    else if (field.number === 5) {
      const attribute = parseAttribute(bytesOf(field, given), given);
      if (attribute) attributes.set(...attribute);
    }
  }
  return {
    name: name || outputs[0] || given,
    op,
    domain: domain === "ai.onnx" ? "" : domain,
    inputs,
    outputs,
    attributes,
  };
}

function parseDimension(bytes: Uint8Array, what: string): number | string {
  let extent: number | string = "?";
  for (const field of fieldsOf(bytes, what)) {
    if (field.number === 1) extent = numberOf(field, what);
    else if (field.number === 2) extent = textOf(field, what) || "?";
  }
  return extent;
}

/** The tensor type of a ValueInfoProto: its TypeProto's field 1. */
function parseType(bytes: Uint8Array, what: string): Pick<FileValue, "dataType" | "shape"> {
  let dataType = 0;
  let shape: (number | string)[] | undefined;
  for (const outer of fieldsOf(bytes, what)) {
    if (outer.number !== 1) continue;
    for (const field of fieldsOf(bytesOf(outer, what), what)) {
      if (field.number === 1) dataType = numberOf(field, what);
      else if (field.number === 2) {
        shape = [];
        for (const dimension of fieldsOf(bytesOf(field, what), what)) {
          if (dimension.number === 1) shape.push(parseDimension(bytesOf(dimension, what), what));
        }
      }
    }
  }
  return { dataType, shape };
}

function parseValue(bytes: Uint8Array, what: string): FileValue {
  let name = "";
  let type: Pick<FileValue, "dataType" | "shape"> = { dataType: 0, shape: undefined };
  for (const field of fieldsOf(bytes, what)) {
    if (field.number === 1) name = textOf(field, what);
    else if (field.number === 2) type = parseType(bytesOf(field, what), what);
  }
  return { name, ...type };
}

function parseGraph(bytes: Uint8Array): FileGraph {
  const nodes: FileNode[] = [];
  const initializers = new Map<string, FileTensor>();
  const inputs: FileValue[] = [];
  const outputs: FileValue[] = [];
  for (const field of fieldsOf(bytes, "the graph")) {
    if (field.number === 1) nodes.push(parseNode(bytesOf(field, "the graph"), nodes.length));
    else if (field.number === 5) {
      const tensor = parseTensor(bytesOf(field, "the graph"), `initializer ${initializers.size}`);
      initializers.set(tensor.name, tensor);
    } else if (field.number === 11) inputs.push(parseValue(bytesOf(field, "the graph"), `input ${inputs.length}`));
    else if (field.number === 12) outputs.push(parseValue(bytesOf(field, "the graph"), `output ${outputs.length}`));
    else if (field.number === 15) {
      throw new FormatError("ONNX: sparse initializers are not supported; save them as ordinary tensors.");
    }
  }
  return { nodes, initializers, inputs: inputs.filter(({ name }) => !initializers.has(name)), outputs };
}

/** A file's messages. Throws `FormatError` where they are none, and where the graph has no output. */
export function parseModel(bytes: Uint8Array): FileModel {
  const hint = () => fileHint(firstBytes(bytes), "this is no ONNX model, or a damaged one");
  const opsets = new Map<string, number>();
  let graph: FileGraph | undefined;
  for (const field of fieldsOf(bytes, `the file (${hint()})`)) {
    if (field.number === 7 && field.type === 2) graph = parseGraph(field.bytes);
    else if (field.number === 8 && field.type === 2) {
      let [domain, version] = ["", 0];
      for (const inner of fieldsOf(field.bytes, "an opset")) {
        if (inner.number === 1) domain = textOf(inner, "an opset");
        else if (inner.number === 2) version = numberOf(inner, "an opset");
      }
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    }
  }
  if (graph === undefined || graph.outputs.length === 0) {
    throw new FormatError(`ONNX: the file has no graph with outputs; ${hint()}.`);
  }
  return { graph, opsets };
}
