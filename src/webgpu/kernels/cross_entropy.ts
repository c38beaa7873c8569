import totalShader from "../../../shaders/cross_entropy_total.wgsl?raw";
import rowLossShader from "../../../shaders/softmax_cross_entropy.wgsl?raw";
import gradientShader from "../../../shaders/softmax_cross_entropy_gradient.wgsl?raw";
import workgroupSum from "../../../shaders/workgroup_sum.wgsl?raw";
import type { Reduction } from "../../graph/ops/softmax_cross_entropy.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { asRows, type Rows, rowKernel } from "./rows.ts";
import { loneWorkgroupThreads, workgroupReduction } from "./sizes.ts";

export interface CrossEntropyOptions {
  /** Labels are probabilities f32 [rows, columns] rather than class indices i32 [rows]. */
  readonly dense: boolean;
  readonly reduction: Reduction;
}

/** The mean over class indices divides by the rows that have a label; a device must count them. */
function divisor({ rows }: Rows, { dense, reduction }: CrossEntropyOptions) {
  const counted = reduction === "mean" && !dense;
  return { COUNT_LABELS: counted, DIVISOR: { f32: reduction === "mean" && dense ? rows : 1 } };
}

/** The loss of each row. */
export function crossEntropyRows(shape: Rows, dense: boolean, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant } = rowKernel(shape, traits);
  return {
    name: "softmax_cross_entropy",
    shader: rowLossShader,
    constants: { ...constants, DENSE_LABELS: dense },
    bindings: { logits: "read", labels: "read", rowLosses: "write" },
    workgroups,
    variant,
    flops: 5 * shape.rows * shape.columns,
  };
}

/** Sum or mean of the rows' losses. Only the mean over class indices reads labels. */
export function crossEntropyTotal(shape: Rows, options: CrossEntropyOptions, traits: DeviceTraits): KernelSpec {
  const threads = loneWorkgroupThreads(shape.rows, traits);
  const constants = {
    ...workgroupReduction(threads, traits),
    ROWS: shape.rows,
    ROW_STEPS: Math.ceil(shape.rows / threads),
    ...divisor(shape, options),
  };
  return {
    name: "cross_entropy_total",
    shader: totalShader,
    includes: { workgroup_sum: workgroupSum },
    constants,
    bindings: presentBindings({ rowLosses: "read", labels: constants.COUNT_LABELS && "read", loss: "write" }),
    workgroups: [1, 1, 1],
    variant: `${options.reduction}, ${threads} threads`,
    flops: shape.rows,
  };
}

/** d loss / d logits. */
export function crossEntropyGradient(shape: Rows, options: CrossEntropyOptions, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant } = rowKernel(shape, traits);
  return {
    name: "softmax_cross_entropy_gradient",
    shader: gradientShader,
    includes: { workgroup_sum: workgroupSum },
    constants: {
      ...constants,
      DENSE_LABELS: options.dense,
      UPSTREAM_PER_ROW: options.reduction === "none",
      ROW_STEPS: Math.ceil(shape.rows / constants.THREADS),
      ...divisor(shape, options),
    },
    bindings: { logits: "read", labels: "read", upstream: "read", output: "write" },
    workgroups,
    variant,
    flops: 7 * shape.rows * shape.columns,
  };
}

export const crossEntropyLowerings: readonly Lowering[] = [
  lowering("softmaxCrossEntropy", (node, values, output, emit) => {
    const shape = asRows(node.operand("logits").shape);
    const dense = node.operand("labels").dtype === "f32";
    const { reduction } = node.attributes;
    const [logits, labels] = [values.operand("logits"), values.operand("labels")];
    const rowLosses = reduction === "none" ? output : emit.scratch("row losses", shape.rows);
    emit.dispatch(crossEntropyRows(shape, dense, emit.traits), { logits, labels, rowLosses });
    if (reduction === "none") return;
    const total = crossEntropyTotal(shape, { dense, reduction }, emit.traits);
    emit.dispatch(total, { rowLosses, labels: "labels" in total.bindings ? labels : undefined, loss: output });
  }),
  lowering("softmaxCrossEntropyGradient", (node, values, output, emit) => {
    const shape = asRows(node.operand("logits").shape);
    const dense = node.operand("labels").dtype === "f32";
    const spec = crossEntropyGradient(shape, { dense, reduction: node.attributes.reduction }, emit.traits);
    emit.dispatch(spec, {
      logits: values.operand("logits"),
      labels: values.operand("labels"),
      upstream: values.operand("upstream"),
      output,
    });
  }),
];
