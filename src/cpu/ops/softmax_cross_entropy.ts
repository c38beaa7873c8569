import { at } from "../../core/at.ts";
import type { Node } from "../../graph/node.ts";
import {
  type Reduction,
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
} from "../../graph/ops/softmax_cross_entropy.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";
import { logSumExp } from "./softmax.ts";

/** Whether a row counts, and its label's share of a class. */
function labelReader(labelNode: Node, labels: CpuArray, classes: number) {
  const sparse = labelNode.dtype === "i32";
  return {
    counts: (row: number) => !sparse || read(labels, row) >= 0,
    share: (row: number, index: number) =>
      sparse ? Number(read(labels, row) === index) : read(labels, row * classes + index),
  };
}

/** What the mean divides by: the rows that count, at least one. */
function divisorOf(reduction: Reduction, rows: number, counts: (row: number) => boolean): number {
  if (reduction !== "mean") return 1;
  let counted = 0;
  for (let row = 0; row < rows; row++) counted += Number(counts(row));
  return Math.max(1, counted);
}

export const softmaxCrossEntropyOps = [
  defineCpuOp(softmaxCrossEntropyOp, ({ node, attributes: { reduction }, input, output }) => {
    const [logitsNode, labelNode] = [node.operand("logits"), node.operand("labels")];
    const [rows, classes] = [at(logitsNode.shape, 0), at(logitsNode.shape, 1)];
    const logits = input("logits");
    const { counts, share } = labelReader(labelNode, input("labels"), classes);
    let total = 0;
    for (let row = 0; row < rows; row++) {
      let loss = 0;
      if (counts(row)) {
        const { most, logSum } = logSumExp(logits, row * classes, classes);
        for (let index = 0; index < classes; index++) {
          const weight = share(row, index);
          if (weight !== 0) loss -= weight * (read(logits, row * classes + index) - most - logSum);
        }
      }
      total += loss;
      if (reduction === "none") output[row] = loss;
    }
    if (reduction !== "none") output[0] = total / divisorOf(reduction, rows, counts);
  }),
  defineCpuOp(softmaxCrossEntropyGradientOp, ({ node, attributes: { reduction }, input, output }) => {
    const [rows, classes] = [at(node.shape, 0), at(node.shape, 1)];
    const [logits, upstream] = [input("logits"), input("upstream")];
    const { counts, share } = labelReader(node.operand("labels"), input("labels"), classes);
    const divisor = divisorOf(reduction, rows, counts);
    for (let row = 0; row < rows; row++) {
      if (!counts(row)) {
        output.fill(0, row * classes, (row + 1) * classes);
        continue;
      }
      const { most, logSum } = logSumExp(logits, row * classes, classes);
      const scale = read(upstream, reduction === "none" ? row : 0) / divisor;
      let total = 0;
      for (let index = 0; index < classes; index++) total += share(row, index);
      for (let index = 0; index < classes; index++) {
        const i = row * classes + index;
        output[i] = scale * (total * Math.exp(read(logits, i) - most - logSum) - share(row, index));
      }
    }
  }),
];
