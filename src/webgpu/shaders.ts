import linearIndex from "../../shaders/linear_index.wgsl?raw";
import nan from "../../shaders/nan.wgsl?raw";
import notFinite from "../../shaders/not_finite.wgsl?raw";
import relu from "../../shaders/relu.wgsl?raw";
import rowReduce from "../../shaders/row_reduce.wgsl?raw";
import rowSoftmax from "../../shaders/row_softmax.wgsl?raw";

/**
 * Files that every shader may `#include`: what almost every page's kernels want, a softmax among them. What fewer want lies
 * with their kernels (`KernelSpec.includes`).
 */
export const shaderIncludes: Readonly<Record<string, string>> = {
  linear_index: linearIndex,
  nan,
  not_finite: notFinite,
  relu,
  row_reduce: rowReduce,
  row_softmax: rowSoftmax,
};
