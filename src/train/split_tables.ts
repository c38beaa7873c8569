/** Images that are more than a device binds at once, and fit it: tables that are cut into several. */
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import type { Graph } from "../graph/graph.ts";
import { type Node, Variable } from "../graph/node.ts";
import { gatherParts } from "../graph/ops/gather_part.ts";
import { type DatasetTables, datasetTables } from "./dataset_variables.ts";

/** Parts at most: each is a dispatch that writes the whole batch. Beyond that a stream costs less. */
const MOST_PARTS = 8;

/** As in dataset_variables.ts: one upload a data set and size of parts. */
const known = new WeakMap<Dataset, Map<number, DatasetTables>>();

/** Tables of a data set of which each takes `bindable` bytes at most; undefined where that takes too many parts. */
export function splitTables(dataset: Dataset, bindable: number): DatasetTables | undefined {
  const bySize = known.get(dataset) ?? new Map<number, DatasetTables>();
  known.set(dataset, bySize);
  const tables = bySize.get(bindable) ?? cutTables(dataset, bindable);
  if (tables) bySize.set(bindable, tables);
  return tables;
}

function cutTables(dataset: Dataset, bindable: number): DatasetTables | undefined {
  const whole = datasetTables(dataset);
  const images = columnsOf(dataset).inputs.map((input) => input.images);
  const inputs = whole.inputs.map((input, index) => {
    const all = images[index];
    const table = input.images;
    if (all === undefined || all.byteLength <= bindable) return input;
    const rowSize = all.length / dataset.count;
    // Buffers hold whole words.
    const each = Math.floor((bindable - 3) / (rowSize * all.BYTES_PER_ELEMENT));
    const parts = Math.ceil(dataset.count / each);
    if (each < 1 || parts > MOST_PARTS) return undefined;
    const variables = Array.from({ length: parts }, (_, part) => {
      const rows = Math.min(each, dataset.count - part * each);
      return new Variable({
        ...{ name: `${table.name}, part ${part + 1} of ${parts}`, shape: [rows, ...table.shape.slice(1)] },
        ...{ dtype: table.dtype, initial: all.subarray(part * each * rowSize, (part * each + rows) * rowSize) },
      });
    });
    return { ...input, fetch: fetchOf(variables, input.scale) };
  });
  const cut = inputs.flatMap((input) => input ?? []);
  // What is too large may be something else.
  const isSplit = cut.some((input) => "fetch" in input);
  return isSplit && cut.length === inputs.length ? { ...whole, inputs: cut, isSplit } : undefined;
}

const fetchOf = (parts: readonly Variable[], scale: number) => (graph: Graph, rows: Node) =>
  gatherParts(
    graph,
    parts.map((part) => graph.variable(part)),
    rows,
    { scale },
  );
