import avgPool2dDivisor from "../../shaders/avg_pool2d_divisor.wgsl?raw";
import batchRow from "../../shaders/batch_row.wgsl?raw";
import elementNan from "../../shaders/element_nan.wgsl?raw";
import gradientSum from "../../shaders/gradient_sum.wgsl?raw";
import half from "../../shaders/half.wgsl?raw";
import learningRate from "../../shaders/learning_rate.wgsl?raw";
import linearIndex from "../../shaders/linear_index.wgsl?raw";
import nan from "../../shaders/nan.wgsl?raw";
import notFinite from "../../shaders/not_finite.wgsl?raw";
import power from "../../shaders/power.wgsl?raw";
import random from "../../shaders/random.wgsl?raw";
import relu from "../../shaders/relu.wgsl?raw";
import rowReduce from "../../shaders/row_reduce.wgsl?raw";
import rowSoftmax from "../../shaders/row_softmax.wgsl?raw";
import storedTensor from "../../shaders/stored_tensor.wgsl?raw";
import tableLoad from "../../shaders/table_load.wgsl?raw";
import workgroupElementSum from "../../shaders/workgroup_element_sum.wgsl?raw";
import workgroupSum from "../../shaders/workgroup_sum.wgsl?raw";

/** Files that every shader may `#include`. What few want lies with their kernels (`KernelSpec.includes`). */
export const shaderIncludes: Readonly<Record<string, string>> = {
  avg_pool2d_divisor: avgPool2dDivisor,
  batch_row: batchRow,
  element_nan: elementNan,
  gradient_sum: gradientSum,
  half,
  learning_rate: learningRate,
  linear_index: linearIndex,
  nan,
  not_finite: notFinite,
  power,
  random,
  relu,
  row_reduce: rowReduce,
  row_softmax: rowSoftmax,
  stored_tensor: storedTensor,
  table_load: tableLoad,
  workgroup_element_sum: workgroupElementSum,
  workgroup_sum: workgroupSum,
};
