/** A file's graph, node by node. */
import { FormatError } from "../../core/errors.ts";
import { asFormatErrors } from "../as_format_errors.ts";
import { foldNode } from "./fold.ts";
import { knownOf, Lowering, type Reading } from "./lowering.ts";
import type { FileModel, FileNode } from "./messages.ts";
import { ruleFor } from "./rules/index.ts";
import type { Target } from "./target.ts";
import { sizeOf, type Value } from "./value.ts";

export { asFormatErrors };

/** Versions of ONNX' own op set that are read. */
const OLDEST_OPSET = 7;
const NEWEST_OPSET = 25;

/** Elements that may be made of known values beside those of the file. */
const MADE_AT_MOST = 2 ** 20;

/** Names at most in a message. */
const NAMED = 50;

/** Throws for an op set of another time. */
function checkOpset(opsets: ReadonlyMap<string, number>): void {
  const version = opsets.get("");
  if (version === undefined || (version >= OLDEST_OPSET && version <= NEWEST_OPSET)) return;
  throw new FormatError(
    `ONNX: the file is of opset ${version}; ${OLDEST_OPSET} to ${NEWEST_OPSET} are read. Export it with opset_version=17.`,
  );
}

/** One error that lists every op that is not supported, with the names of its nodes. */
export function checkSupported(nodes: readonly FileNode[]): void {
  const unsupported = new Map<string, string[]>();
  for (const node of nodes) {
    if (ruleFor(node)) continue;
    const op = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
    unsupported.set(op, [...(unsupported.get(op) ?? []), node.name]);
  }
  if (unsupported.size === 0) return;
  const list = [...unsupported]
    .slice(0, NAMED)
    .map(
      ([op, names]) =>
        `${op.slice(0, 60)} (${names
          .slice(0, 8)
          .map((name) => JSON.stringify(name.slice(0, 60)))
          .join(", ")})`,
    )
    .join("; ");
  throw new FormatError(`ONNX: the file has ops that are not supported: ${list}. docs/onnx.md lists those that are.`);
}

/** Nodes each behind what it reads. Files are to have them so already; where one has not, or in a circle, it ends here. */
function lowerNode(node: FileNode, values: Map<string, Value>, reading: Reading): void {
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const value = values.get(name);
    if (value) return value;
    throw new FormatError(
      `ONNX: ${node.op} "${node.name.slice(0, 60)}" reads "${name.slice(0, 60)}", which nothing before it makes; the file is damaged.`,
    );
  });
  const lowering = new Lowering(node, inputs, reading);
  const results = foldNode(lowering) ?? ruleFor(node)?.(lowering) ?? [];
  node.outputs.forEach((name, place) => {
    const value = results[place];
    // What nobody reads need not be there: running statistics of a file that was exported for training, for one.
    if (name === "" || (value === undefined && !lowering.wants(place))) return;
    if (value === undefined) lowering.fail(`has an output ${place}, "${name.slice(0, 60)}", which is not supported`);
    else if (values.has(name)) lowering.fail(`gives "${name.slice(0, 60)}", which there is already`);
    else values.set(name, value);
  });
}

/**
 * The values of a file's outputs, from those of its inputs. Whatever is wrong with the file, layers and ops say so in errors of
 * their own; here these become a `FormatError` with the node's name.
 */
export function readGraph(
  file: FileModel,
  nodes: readonly FileNode[],
  given: ReadonlyMap<string, Value>,
  { target, declaredBatch }: { target: Target; declaredBatch?: number | undefined },
): Value[] {
  checkOpset(file.opsets);
  checkSupported(nodes);
  const inFile = [...file.graph.initializers.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...file.graph.outputs.map(({ name }) => name)]);
  const reading: Reading = { target, declaredBatch, read, opsets: file.opsets, budget: MADE_AT_MOST + 4 * inFile };
  const values = new Map<string, Value>(given);
  for (const [name, tensor] of file.graph.initializers) values.set(name, knownOf(tensor));
  for (const node of nodes) {
    asFormatErrors(`ONNX: ${node.op} "${node.name.slice(0, 60)}"`, () => lowerNode(node, values, reading));
  }
  return file.graph.outputs.map(({ name }) => {
    const value = values.get(name);
    if (value) return value;
    throw new FormatError(`ONNX: nothing makes the output "${name.slice(0, 60)}"; the file is damaged.`);
  });
}
