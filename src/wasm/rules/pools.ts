import { isOp } from "../../graph/op.ts";
import { maxPoolGradientKernel, maxPoolKernel } from "../kernels/pools.ts";
import { clearKernel } from "../padding.ts";
import type { Task } from "../task.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

const FLOAT = 4;
/** Windows of more values are the business of loops: a kernel writes them all out. */
const MOST_TAPS = 32;

export const maxPool: Rule = (node): Task | undefined => {
  if (!isOp(node, "maxPool2d")) return undefined;
  const { geometry: g } = node.attributes;
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) return undefined;
  const x = node.operand("x");
  const kernel = maxPoolKernel(g);
  return {
    ...taskOf(node, "max pool", [x]),
    kernels: [kernel],
    bind(places) {
      const run = places.call(kernel);
      const parameters = {
        ...{ x: places.array(x).address, to: places.array(node).address },
        ...{ images: g.batch, pixelBytes: g.channels * FLOAT },
      };
      return () => run(parameters);
    },
  };
};

export const maxPoolGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "maxPool2dGradient")) return undefined;
  const { geometry: g } = node.attributes;
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) return undefined;
  const [x, upstream] = [node.operand("x"), node.operand("upstream")];
  const kernel = maxPoolGradientKernel(g);
  return {
    ...taskOf(node, "max pool gradient", [x, upstream]),
    kernels: [clearKernel, kernel],
    bind(places) {
      const [clear, run] = [places.call(clearKernel), places.call(kernel)];
      const to = places.array(node);
      const parameters = {
        ...{ x: places.array(x).address, upstream: places.array(upstream).address, to: to.address },
        ...{ images: g.batch, pixelBytes: g.channels * FLOAT },
      };
      return () => {
        clear({ at: to.address, bytes: to.byteLength });
        run(parameters);
      };
    },
  };
};
