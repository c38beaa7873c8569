import { sizesOf } from "../kernels/matmul.ts";
import { isNarrowProduct, narrowProduct } from "../kernels/matmul_narrow.ts";
import { isStagedProduct, stagedProduct } from "../kernels/matmul_staged.ts";
import { productMatch } from "./matmul.ts";
import { rule } from "./rule.ts";

/** A matrix product on graphics cards, with its bias and its ReLU, where a kernel through workgroup memory is for it. */
const product = rule("matmul", (node, context) => {
  const { traits } = context;
  const sizes = sizesOf(node);
  if (isNarrowProduct(sizes, traits)) return productMatch(node, context, narrowProduct);
  if (isStagedProduct(sizes, traits)) return productMatch(node, context, stagedProduct);
  return undefined;
});

export const rules = [product];
