import { confusionMatrixOp } from "../../graph/ops/confusion_matrix.ts";
import { defineCpuOp, read } from "../op.ts";

export const confusionMatrixOps = [
  defineCpuOp(confusionMatrixOp, ({ attributes: { classes }, input, output }) => {
    const [labels, predictions] = [input("labels"), input("predictions")];
    output.fill(0);
    labels.forEach((label, row) => {
      if (label < 0) return;
      const cell = label * classes + read(predictions, row);
      output[cell] = read(output, cell) + 1;
    });
  }),
];
