import { dropoutThreshold, maskKey } from "../../core/dropout.ts";
import { sameShape } from "../../core/shape.ts";
import { isOp } from "../../graph/op.ts";
import { dropoutKernel } from "../kernels/dropout.ts";
import type { Task } from "../task.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** Dropout whose elements are each decided by themselves. */
export const dropout: Rule = (node): Task | undefined => {
  if (!isOp(node, "dropout") || !sameShape(node.attributes.maskShape, node.shape)) return undefined;
  const { rate, seed, stream } = node.attributes;
  const [x, step] = [node.operand("x"), node.operand("step")];
  return {
    ...taskOf(node, "dropout", [x, step]),
    kernels: [dropoutKernel],
    bind(places) {
      const run = places.call(dropoutKernel);
      const [to, steps] = [places.array(node), places.array(step)];
      const parameters = {
        ...{ x: places.array(x).address, to: to.address, bytes: to.byteLength },
        ...{ threshold: dropoutThreshold(rate), scale: 1 / (1 - rate) },
      };
      return () => run({ ...parameters, key: maskKey(seed, stream, steps.values[0] ?? 0) });
    },
  };
};
