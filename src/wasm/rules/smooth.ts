import { expKernel, isSmooth, smoothKernel } from "../kernels/smooth.ts";
import type { Task } from "../task.ts";
import { firstAttribute, taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** Functions made of exponentials, and their gradients. */
export const smooth: Rule = (node): Task | undefined => {
  const gradient = node.op.name.endsWith("Gradient");
  const name = gradient ? node.op.name.slice(0, -"Gradient".length) : node.op.name;
  if (!isSmooth(name)) return undefined;
  const kernel = smoothKernel(name, gradient);
  const [x, upstream] = [node.operand("x"), gradient ? node.operand("upstream") : undefined];
  return {
    ...taskOf(node, node.op.name, node.inputs),
    kernels: [kernel],
    bind(places) {
      const run = places.call(kernel);
      const to = places.array(node);
      const parameters = {
        ...{ x: places.array(x).address, upstream: upstream ? places.array(upstream).address : 0 },
        ...{ to: to.address, bytes: to.byteLength, a: firstAttribute(node) },
      };
      return () => run(parameters);
    },
  };
};

export const exp: Rule = (node): Task | undefined => {
  if (node.op.name !== "exp") return undefined;
  const x = node.operand("x");
  return {
    ...taskOf(node, "exp", [x]),
    kernels: [expKernel],
    bind(places) {
      const [run, to] = [places.call(expKernel), places.array(node)];
      const parameters = { x: places.array(x).address, to: to.address, bytes: to.byteLength };
      return () => run(parameters);
    },
  };
};
