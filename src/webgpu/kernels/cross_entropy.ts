import stepShader from "../../../shaders/cross_entropy_step.wgsl?raw";
import totalShader from "../../../shaders/cross_entropy_total.wgsl?raw";
import rowLossShader from "../../../shaders/softmax_cross_entropy.wgsl?raw";
import gradientShader from "../../../shaders/softmax_cross_entropy_gradient.wgsl?raw";
import type { Reduction } from "../../graph/ops/softmax_cross_entropy.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { loneWorkgroupThreads, powerOfTwoAtLeast, powerOfTwoAtMost, workgroupReduction } from "./sizes.ts";
import { asRows, type Rows, rowConstants, rowKernel } from "./softmax.ts";

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

/** Threads of a lone workgroup that walks over rows, and how many of them share a row. */
export function loneRowKernel(shape: Rows, traits: DeviceTraits) {
  const useful = powerOfTwoAtMost(shape.columns / 16);
  const threads = loneWorkgroupThreads(shape.rows * useful, traits);
  const lanes = Math.min(useful, powerOfTwoAtLeast(threads / shape.rows), threads);
  return {
    constants: { ...rowConstants(shape, threads, lanes, traits), TURNS: Math.ceil((shape.rows * lanes) / threads) },
    workgroups: [1, 1, 1] as const,
    variant: `${threads} threads, ${lanes} a row`,
  };
}

/**
 * The mean loss over class indices, its gradient for an upstream of 1, and `countCorrect`'s two counts, in one
 * workgroup, with `columnSums` the gradient's sum over the rows too. It is right for any size; above rows × columns of
 * about 65,536 the separate kernels are faster. Labels are i32; if `scaled`, the loss scale [1] multiplies the gradient.
 */
export function crossEntropyStep(
  {
    batch,
    classes,
    columnSums = false,
    scaled = false,
  }: { readonly batch: number; readonly classes: number; readonly columnSums?: boolean; readonly scaled?: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const shape = { rows: batch, columns: classes };
  const { constants, workgroups, variant } = loneRowKernel(shape, traits);
  return {
    name: "cross_entropy_step",
    shader: stepShader,
    constants: {
      ...constants,
      LABEL_STEPS: Math.ceil(shape.rows / constants.THREADS),
      COLUMN_SUMS: columnSums,
      SCALED: scaled,
    },
    bindings: presentBindings({
      logits: "read",
      labels: "read",
      loss: "write",
      logitsGradient: "write",
      counts: "write",
      columnSums: columnSums && "write",
      lossScale: scaled && "read",
    }),
    workgroups,
    variant,
    flops: 8 * shape.rows * shape.columns,
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
