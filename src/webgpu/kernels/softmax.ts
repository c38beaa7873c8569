import argmaxShader from "../../../shaders/argmax.wgsl?raw";
import softmaxShader from "../../../shaders/softmax.wgsl?raw";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { lanesPerRow, rowReduction, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** A matrix that kernels walk over row by row. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
}

/** A tensor as rows along its last axis. */
export function asRows(shape: Shape): Rows {
  const columns = shape[shape.length - 1] ?? 1;
  return { rows: sizeOf(shape) / columns, columns };
}

/** The constants that `row_softmax.wgsl` wants, and `workgroup_sum.wgsl` beside it. */
export function rowConstants({ rows, columns }: Rows, threads: number, lanes: number, traits: DeviceTraits) {
  return {
    ...rowReduction(threads, lanes, traits),
    ...workgroupReduction(threads, traits),
    ROWS: rows,
    COLUMNS: columns,
    STEPS: Math.ceil(columns / lanes),
  };
}

/** A kernel of which a row takes `lanesPerRow` threads. */
export function rowKernel(shape: Rows, traits: DeviceTraits) {
  const lanes = lanesPerRow(shape.rows, shape.columns, traits);
  const threads = workgroupThreads(traits);
  return {
    constants: rowConstants(shape, threads, lanes, traits),
    workgroups: linearWorkgroups(shape.rows * lanes, threads),
    variant: `${lanes} thread${lanes === 1 ? "" : "s"} a row`,
  };
}

/** softmax, or its logarithm, over rows. */
export function softmax(shape: Rows, logarithm: boolean, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant } = rowKernel(shape, traits);
  return {
    name: "softmax",
    shader: softmaxShader,
    constants: { ...constants, LOGARITHM: logarithm },
    bindings: { logits: "read", output: "write" },
    workgroups,
    variant,
    flops: 5 * shape.rows * shape.columns,
  };
}

/** Column of each row's first maximum. The output is i32. */
export function argmax(shape: Rows, traits: DeviceTraits): KernelSpec {
  return {
    name: "argmax",
    shader: argmaxShader,
    bindings: { logits: "read", output: "write" },
    ...rowKernel(shape, traits),
    flops: shape.rows * shape.columns,
  };
}

function lower(
  op: "softmax" | "logSoftmax" | "argmax",
  spec: (shape: Rows, traits: DeviceTraits) => KernelSpec,
): Lowering {
  return lowering(op, (node, values, output, emit) => {
    const shape = asRows(node.operand("x").shape);
    emit.dispatch(spec(shape, emit.traits), { logits: values.operand("x"), output });
  });
}

export const softmaxLowerings: readonly Lowering[] = [
  lower("softmax", (shape, traits) => softmax(shape, false, traits)),
  lower("logSoftmax", (shape, traits) => softmax(shape, true, traits)),
  lower("argmax", argmax),
];
