import shader from "../../../shaders/dropout.wgsl?raw";
import { dropoutKey, dropoutThreshold } from "../../core/dropout.ts";
import { broadcastStrides, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import { type DropoutAttributes, dropoutOp } from "../../graph/ops/dropout.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { mergeAxes } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/** Dropout of a tensor of `shape`. Bindings: x (none with `inPlace`, where the output replaces it), step (u32), output. */
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
    bindings: [...(inPlace ? [] : ["read" as const]), "read", "readWrite"],
    workgroups: linearWorkgroups(sizeOf(shape), threads),
    flops: sizeOf(shape),
    inPlaceOf: (operand) => (inPlace || operand !== 0 ? undefined : dropout(options, shape, traits, { inPlace: true })),
  };
}

export const dropoutLowerings: readonly Lowering[] = [
  lowering(dropoutOp, (node, inputs, output, emit) => {
    emit.dispatch(dropout(node.attributes, node.shape, emit.traits), [...inputs, output]);
  }),
];
