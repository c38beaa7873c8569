import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Arena, Node, Variable } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { BatchRowsAttributes } from "../../graph/ops/batch_rows.ts";
import { fetchBatch as fetchBatchKernel, MOST_FETCHED_ROWS } from "../kernels/fetch_batch.ts";
import { earlier } from "./patterns.ts";
import { type MatchContext, type RuleEmitter, rule } from "./rule.ts";
import { defineFindings, onlyGuards } from "./verdict.ts";

/** Rows of a table that is a variable. */
interface Fetched {
  readonly node: Node;
  readonly table: Variable;
  readonly scale: number;
}

/** A `nonFinite` that can be computed beside the fetch: it looks through one arena, and perhaps through the images. */
export interface Watch {
  readonly node: Node;
  readonly arena: Arena;
}

/** Images and labels of a batch, where its row numbers are for nothing else. */
export const fetchBatch = rule("batchRows", (rows, context) => {
  const uses = context.usesOf(rows);
  const fetched = uses.flatMap((use) => fetchedFromVariable(use) ?? []);
  const labels = fetched.find(({ node }) => node.dtype === "i32" && node.shape.length === 1);
  const images = fetched.find(({ node }) => node.dtype === "f32");
  if (labels === undefined || images === undefined || uses.length !== 2) return undefined;
  if (context.isOutput(rows) || at(rows.shape, 0) > MOST_FETCHED_ROWS) return undefined;
  const watch = watchBeside(images.node, context);
  return {
    covers: [images.node, labels.node, ...(watch ? [watch.node] : [])],
    turn: earlier(images.node, labels.node),
    lower: (emit) => lower(rows, { images, labels, watch }, emit),
  };
});

function fetchedFromVariable(node: Node): Fetched | undefined {
  if (!isOp(node, "gatherRows")) return undefined;
  const table = node.operand("table");
  return isOp(table, "variable") ? { node, table: table.attributes.variable, scale: node.attributes.scale } : undefined;
}

export function watchBeside(images: Node, context: MatchContext): Watch | undefined {
  for (const node of context.nodes) {
    if (!isOp(node, "nonFinite") || context.isCovered(node) || !onlyGuards(node, context)) continue;
    const tensors = node.inputs.filter((input) => input !== images);
    const arenas = tensors.map((input) => (isOp(input, "variable") ? input.attributes.variable.arena : undefined));
    const [arena, ...others] = new Set(arenas);
    if (arena !== undefined && others.length === 0) return { node, arena };
  }
  return undefined;
}

function lower(
  rows: Node<BatchRowsAttributes>,
  { images, labels, watch }: { images: Fetched; labels: Fetched; watch: Watch | undefined },
  emit: RuleEmitter,
): void {
  emit.begin("fetch batch", rows.layer);
  const options = {
    rows: rows.attributes,
    rowSize: sizeOf(images.node.shape.slice(1)),
    dtype: images.table.dtype === "u8" ? ("u8" as const) : ("f32" as const),
    scale: images.scale,
    ...(watch ? { watchedSize: watch.arena.size } : {}),
  };
  const spec = fetchBatchKernel(options, emit.traits);
  emit.dispatch(spec, {
    table: emit.variable(images.table),
    labelTable: emit.variable(labels.table),
    cursor: emit.value(rows.operand("cursor")),
    images: emit.result(images.node),
    labels: emit.result(labels.node),
    watched: watch && emit.arena(watch.arena),
    found: watch && defineFindings(watch.node, spec.workgroups, emit),
  });
}
