import { at } from "../../core/at.ts";
import { countCorrectOp } from "../../graph/ops/count_correct.ts";
import { defineCpuOp, read } from "../op.ts";
import { firstMaximum } from "./argmax.ts";

export const countCorrectOps = [
  defineCpuOp(countCorrectOp, ({ node, input, output }) => {
    const [rows, classes] = [at(node.operand("logits").shape, 0), at(node.operand("logits").shape, 1)];
    const [logits, labels] = [input("logits"), input("labels")];
    output.fill(0);
    for (let row = 0; row < rows; row++) {
      const label = read(labels, row);
      if (label < 0) continue;
      output[0] = read(output, 0) + Number(firstMaximum(logits, row * classes, classes) === label);
      output[1] = read(output, 1) + 1;
    }
  }),
];
