import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import shader from "../../../shaders/transpose.wgsl?raw";
import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { innermost, mergeAxes, quarterInnermost, vectorStrides } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/** Output axis i is input axis `permutation[i]`; any 4-byte type. */
export function transpose(shape: Shape, permutation: readonly number[], traits: DeviceTraits): KernelSpec {
  const inputStrides = stridesOf(shape);
  const walk = mergeAxes({
    extents: permutation.map((axis) => at(shape, axis)),
    strides: [permutation.map((axis) => at(inputStrides, axis))],
  });
  const strides = at(walk.strides, 0);
  const vector = innermost(strides) === 1 && innermost(walk.extents) % 4 === 0;
  const extents = vector ? quarterInnermost(walk.extents) : walk.extents;
  const size = sizeOf(extents);
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "transpose",
    shader,
    includes: { stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: size,
      VECTOR: vector,
      RANK: extents.length,
      OUTPUT_STRIDES: stridesOf(extents),
      INPUT_STRIDES: vector ? vectorStrides(strides) : strides,
    },
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(size, threads),
    variant: `${vector ? "4 elements" : "1 element"} a thread, ${extents.length} axes`,
    flops: 0,
    halves: halvesIf(vector, { HALF_INPUT: "input", HALF_OUTPUT: "output" }),
  }));
}

export const transposeLowerings: readonly Lowering[] = [
  lowering("transpose", (node, values, output, emit) => {
    if (node.dtype === "u8")
      throw new ArgumentError("transpose: u8 tensors are storage only; convert them (gatherRows) first.");
    const { shape } = node.operand("x");
    emit.dispatch(transpose(shape, node.attributes.permutation, emit.traits), { input: values.operand("x"), output });
  }),
];
