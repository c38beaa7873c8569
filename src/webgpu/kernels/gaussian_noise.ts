import shader from "../../../shaders/gaussian_noise.wgsl?raw";
import normalQuantile from "../../../shaders/normal_quantile.wgsl?raw";
import random from "../../../shaders/random.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import { noiseKey } from "../../core/gaussian_noise.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { GaussianNoiseAttributes } from "../../graph/ops/gaussian_noise.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { workgroupThreads } from "./sizes.ts";

/** Noise on a tensor of `shape`. The step is u32. */
export function gaussianNoise(options: GaussianNoiseAttributes, shape: Shape, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const vector = sizeOf(shape) % 4 === 0;
  const elements = vector ? sizeOf(shape) / 4 : sizeOf(shape);
  return kernel(({ inPlace }) => ({
    name: "gaussian_noise",
    shader,
    includes: { normal_quantile: normalQuantile, random, stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: elements,
      VECTOR: vector,
      IN_PLACE: inPlace === "x",
      STREAM_KEY: noiseKey(options.seed, options.stream),
      STDDEV: { f32: options.stddev },
    },
    bindings: presentBindings({ x: inPlace !== "x" && "read", step: "read", output: "readWrite" }),
    workgroups: linearWorkgroups(elements, threads),
    flops: 20 * sizeOf(shape),
    inPlace: inPlace === undefined ? ["x"] : [],
    halves: halvesIf(vector, { HALF_X: inPlace !== "x" && "x", HALF_OUTPUT: "output" }),
  }));
}

export const gaussianNoiseLowerings: readonly Lowering[] = [
  lowering("gaussianNoise", (node, values, output, emit) => {
    emit.dispatch(gaussianNoise(node.attributes, node.shape, emit.traits), {
      x: values.operand("x"),
      step: values.operand("step"),
      output,
    });
  }),
];
