import shader from "../../../shaders/dropout.wgsl?raw";
import { dropoutKey, dropoutThreshold } from "../../core/dropout.ts";
import { broadcastStrides, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import { type DropoutAttributes, dropoutOp } from "../../graph/ops/dropout.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { mergeAxes } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/** Dropout of a tensor of `shape`. With `inPlace` the output replaces x, which has no binding of its own then; `step` is u32. */
export function dropout(
  options: DropoutAttributes,
  shape: Shape,
  traits: DeviceTraits,
  { inPlace = false }: { inPlace?: boolean } = {},
): KernelSpec {
  const threads = workgroupThreads(traits);
  const { extents, strides } = mergeAxes({ extents: shape, strides: [broadcastStrides(options.maskShape, shape)] });
  const [maskStrides = [0]] = strides;
  return {
    name: "dropout",
    shader,
    constants: {
      THREADS: threads,
      SIZE: sizeOf(shape),
      IN_PLACE: inPlace,
      // One decision an element, in their order.
      DENSE: extents.length === 1 && maskStrides[0] === 1,
      RANK: extents.length,
      OUTPUT_STRIDES: stridesOf(extents),
      MASK_STRIDES: maskStrides,
      STREAM_KEY: dropoutKey(options.seed, options.stream),
      THRESHOLD: dropoutThreshold(options.rate),
      SCALE: { f32: 1 / (1 - options.rate) },
    },
    bindings: presentBindings({ x: !inPlace && "read", step: "read", output: "readWrite" }),
    workgroups: linearWorkgroups(sizeOf(shape), threads),
    flops: sizeOf(shape),
    inPlaceOf: (operand) =>
      inPlace || operand !== "x" ? undefined : dropout(options, shape, traits, { inPlace: true }),
  };
}

export const dropoutLowerings: readonly Lowering[] = [
  lowering(dropoutOp, (node, inputs, output, emit) => {
    emit.dispatch(dropout(node.attributes, node.shape, emit.traits), { x: inputs[0], step: inputs[1], output });
  }),
];
