import mixImagesShader from "../../../shaders/mix_images.wgsl?raw";
import mixingPlanShader from "../../../shaders/mixing_plan.wgsl?raw";
import random from "../../../shaders/random.wgsl?raw";
import { at } from "../../core/at.ts";
import { MIXING_STREAM, mixingTable, SHARES } from "../../core/mixing.ts";
import { permutationHalfBits, randomKey } from "../../core/random.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { MixingPlanAttributes } from "../../graph/ops/mix_images.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** Which images are mixed with which; the cursor is u32. */
export function mixingPlan(options: MixingPlanAttributes, traits: DeviceTraits): KernelSpec {
  const { count, batch, height, width, seed, mixup, cutMix } = options;
  const threads = workgroupThreads(traits);
  const batches = Math.ceil(count / batch);
  const last = count - (batches - 1) * batch;
  return {
    name: "mixing_plan",
    shader: mixingPlanShader,
    includes: { random },
    constants: {
      THREADS: threads,
      BATCH: batch,
      BATCHES_PER_EPOCH: batches,
      LAST_VALID: last,
      HALF_BITS: permutationHalfBits(batch),
      LAST_HALF_BITS: permutationHalfBits(last),
      HEIGHT: height,
      WIDTH: width,
      MIXUP: mixup > 0,
      CUT_MIX: cutMix > 0,
      SHARES,
      STREAM_KEY: randomKey(seed, MIXING_STREAM),
    },
    bindings: { cursor: "read", choices: "read", plan: "write" },
    workgroups: [Math.ceil(batch / threads), 1, 1],
    flops: batch,
  };
}

/** Mixed images [batch, height, width, channels]. */
export function mixImages(shape: Shape, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "mix_images",
    shader: mixImagesShader,
    constants: {
      THREADS: threads,
      BATCH: at(shape, 0),
      WIDTH: at(shape, 2),
      CHANNELS: at(shape, 3),
      IMAGE_SIZE: sizeOf(shape.slice(1)),
    },
    bindings: { images: "read", plan: "read", output: "write" },
    workgroups: linearWorkgroups(sizeOf(shape), threads),
    flops: 3 * sizeOf(shape),
  };
}

export const mixImagesLowerings: readonly Lowering[] = [
  lowering("mixingPlan", (node, values, output, emit) => {
    const { height, width } = node.attributes;
    emit.dispatch(mixingPlan(node.attributes, emit.traits), {
      cursor: values.operand("cursor"),
      choices: emit.constant("choices of mixing", mixingTable(node.attributes, height, width), "f32"),
      plan: output,
    });
  }),
  lowering("mixImages", (node, values, output, emit) => {
    emit.dispatch(mixImages(node.shape, emit.traits), {
      images: values.operand("x"),
      plan: values.operand("plan"),
      output,
    });
  }),
];
