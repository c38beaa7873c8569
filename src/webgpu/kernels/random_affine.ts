import random from "../../../shaders/random.wgsl?raw";
import shader from "../../../shaders/random_affine.wgsl?raw";
import { AFFINE_STREAM } from "../../core/affine.ts";
import { at } from "../../core/at.ts";
import { randomKey } from "../../core/random.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { RandomAffineAttributes } from "../../graph/ops/random_affine.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** Random transforms of images [batch, height, width, channels]. The batch number is u32. */
export function randomAffine(options: RandomAffineAttributes, shape: Shape, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const [batch, height, width, channels] = [at(shape, 0), at(shape, 1), at(shape, 2), at(shape, 3)];
  return {
    name: "random_affine",
    shader,
    includes: { random },
    constants: {
      THREADS: threads,
      BATCH: batch,
      HEIGHT: height,
      WIDTH: width,
      CHANNELS: channels,
      STREAM_KEY: randomKey(options.seed, AFFINE_STREAM),
      SHIFT: { f32: options.shift },
      ROTATE: { f32: (options.rotate * Math.PI) / 180 },
      ZOOM: { f32: options.zoom },
      SLANT: { f32: Math.tan((options.shear * Math.PI) / 180) },
      MIDDLE_COLUMN: { f32: (width - 1) / 2 },
      MIDDLE_ROW: { f32: (height - 1) / 2 },
    },
    bindings: { images: "read", batchNumber: "read", output: "write" },
    workgroups: linearWorkgroups(batch * height * width, threads),
    flops: 8 * sizeOf(shape),
  };
}

export const randomAffineLowerings: readonly Lowering[] = [
  lowering("randomAffine", (node, values, output, emit) => {
    emit.dispatch(randomAffine(node.attributes, node.shape, emit.traits), {
      images: values.operand("x"),
      batchNumber: values.operand("batch"),
      output,
    });
  }),
];
