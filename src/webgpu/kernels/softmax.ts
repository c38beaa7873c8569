import argmaxShader from "../../../shaders/argmax.wgsl?raw";
import softmaxShader from "../../../shaders/softmax.wgsl?raw";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { asRows, type Rows, rowKernel } from "./rows.ts";

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
