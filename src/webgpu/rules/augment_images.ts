import type { Node, Variable } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { AugmentImagesAttributes } from "../../graph/ops/augment_images.ts";
import type { BatchRowsAttributes } from "../../graph/ops/batch_rows.ts";
import { augmentImages as augmentImagesKernel } from "../kernels/augment_images.ts";
import { type Watch, watchBeside } from "./fetch_batch.ts";
import { earlier } from "./patterns.ts";
import { type MatchContext, type RuleEmitter, rule } from "./rule.ts";
import { defineFindings } from "./verdict.ts";

/** A batch of a data set of bytes, of which augmented images and labels alone are wanted. */
interface FetchedBatch {
  readonly rows: Node<BatchRowsAttributes>;
  readonly images: Node;
  readonly imageTable: Variable;
  readonly scale: number;
  readonly labels: Node;
  readonly labelTable: Variable;
  readonly watch: Watch | undefined;
}

/** Images with random changes; bytes of a data set in the same pass in which they are fetched. */
export const augmentImages = rule("augmentImages", (node, context) => {
  const batch = fetchedBeside(node, context);
  if (batch === undefined) return { lower: (emit) => lowerAlone(node, emit) };
  const { rows, images, labels, watch } = batch;
  return {
    covers: [rows, images, labels, ...(watch ? [watch.node] : [])],
    turn: earlier(node, labels),
    lower: (emit) => lowerFetched(node, batch, emit),
  };
});

function fetchedBeside(node: Node<AugmentImagesAttributes>, context: MatchContext): FetchedBatch | undefined {
  const images = node.operand("x");
  if (node.optionalOperand("sums") || context.soleUse(images) !== node || !isOp(images, "gatherRows")) return undefined;
  const [imageTable, rows] = [tableOf(images), images.operand("rows")];
  if (imageTable?.dtype !== "u8" || !isOp(rows, "batchRows") || context.isCovered(rows)) return undefined;
  const uses = context.usesOf(rows);
  const labels = uses.find((use) => use !== images);
  if (uses.length !== 2 || context.isOutput(rows) || labels === undefined || !isOp(labels, "gatherRows")) {
    return undefined;
  }
  const labelTable = tableOf(labels);
  if (labelTable?.dtype !== "i32" || labels.shape.length !== 1) return undefined;
  if (rows.operand("cursor") !== node.operand("batch")) return undefined;
  const watch = watchBeside(images, context);
  return { rows, images, imageTable, scale: images.attributes.scale, labels, labelTable, watch };
}

function tableOf(rows: Node): Variable | undefined {
  const table = rows.operand("table");
  return isOp(table, "variable") ? table.attributes.variable : undefined;
}

function lowerAlone(node: Node<AugmentImagesAttributes>, emit: RuleEmitter): void {
  const sums = node.optionalOperand("sums");
  emit.dispatch(augmentImagesKernel(node.attributes, node.shape, emit.traits), {
    images: emit.value(node.operand("x")),
    sums: sums && emit.value(sums),
    batchNumber: emit.value(node.operand("batch")),
    output: emit.result(node),
  });
}

function lowerFetched(
  node: Node<AugmentImagesAttributes>,
  { rows, imageTable, scale, labels, labelTable, watch }: FetchedBatch,
  emit: RuleEmitter,
): void {
  emit.begin("fetch and augment batch", rows.layer);
  const watchedSize = watch?.arena.size ?? 0;
  const spec = augmentImagesKernel(node.attributes, node.shape, emit.traits, {
    ...{ rows: rows.attributes, scale, watchedSize },
  });
  emit.dispatch(spec, {
    table: emit.variable(imageTable),
    labelTable: emit.variable(labelTable),
    batchNumber: emit.value(node.operand("batch")),
    output: emit.result(node),
    labels: emit.result(labels),
    watched: watch && emit.arena(watch.arena),
    found: watch && defineFindings(watch.node, spec.workgroups, emit),
  });
}
