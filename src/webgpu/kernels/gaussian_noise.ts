import shader from "../../../shaders/gaussian_noise.wgsl?raw";
import { noiseKey } from "../../core/gaussian_noise.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type GaussianNoiseAttributes, gaussianNoiseOp } from "../../graph/ops/gaussian_noise.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** Noise on a tensor of `shape`. Bindings: x (none with `inPlace`, where the output replaces it), step (u32), output. */
export function gaussianNoise(
  options: GaussianNoiseAttributes,
  shape: Shape,
  traits: DeviceTraits,
  { inPlace = false }: { inPlace?: boolean } = {},
): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "gaussian_noise",
    shader,
    constants: {
      THREADS: threads,
      SIZE: sizeOf(shape),
      IN_PLACE: inPlace,
      STREAM_KEY: noiseKey(options.seed, options.stream),
      STDDEV: { f32: options.stddev },
    },
    bindings: [...(inPlace ? [] : ["read" as const]), "read", "readWrite"],
    workgroups: linearWorkgroups(sizeOf(shape), threads),
    flops: 20 * sizeOf(shape),
    inPlaceOf: (operand) =>
      inPlace || operand !== 0 ? undefined : gaussianNoise(options, shape, traits, { inPlace: true }),
  };
}

export const gaussianNoiseLowerings: readonly Lowering[] = [
  lowering(gaussianNoiseOp, (node, inputs, output, emit) => {
    emit.dispatch(gaussianNoise(node.attributes, node.shape, emit.traits), [...inputs, output]);
  }),
];
