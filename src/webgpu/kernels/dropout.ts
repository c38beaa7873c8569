import shader from "../../../shaders/dropout.wgsl?raw";
import random from "../../../shaders/random.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import { broadcastStrides, stridesOf } from "../../core/axes.ts";
import { dropoutKey, dropoutThreshold } from "../../core/dropout.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { DropoutAttributes } from "../../graph/ops/dropout.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { innermost, mergeAxes, quarterInnermost } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/** Dropout of a tensor of `shape`. The step is u32. */
export function dropout(options: DropoutAttributes, shape: Shape, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const { extents, strides } = mergeAxes({ extents: shape, strides: [broadcastStrides(options.maskShape, shape)] });
  const [maskStrides = [0]] = strides;
  const vector = innermost(extents) % 4 === 0;
  const walked = vector ? quarterInnermost(extents) : extents;
  const lane = innermost(maskStrides);
  return kernel(({ inPlace }) => ({
    name: "dropout",
    shader,
    includes: { random, stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: sizeOf(walked),
      VECTOR: vector,
      IN_PLACE: inPlace === "x",
      // One decision an element, in their order.
      DENSE: extents.length === 1 && maskStrides[0] === 1,
      RANK: walked.length,
      OUTPUT_STRIDES: stridesOf(walked),
      MASK_STRIDES: vector ? [...maskStrides.slice(0, -1), 4 * lane] : maskStrides,
      LANE_STRIDE: lane,
      STREAM_KEY: dropoutKey(options.seed, options.stream),
      THRESHOLD: dropoutThreshold(options.rate),
      SCALE: { f32: 1 / (1 - options.rate) },
    },
    bindings: presentBindings({ x: inPlace !== "x" && "read", step: "read", output: "readWrite" }),
    workgroups: linearWorkgroups(sizeOf(walked), threads),
    flops: sizeOf(shape),
    inPlace: inPlace === undefined ? ["x"] : [],
    halves: halvesIf(vector, { HALF_X: inPlace !== "x" && "x", HALF_OUTPUT: "output" }),
  }));
}

export const dropoutLowerings: readonly Lowering[] = [
  lowering("dropout", (node, values, output, emit) => {
    emit.dispatch(dropout(node.attributes, node.shape, emit.traits), {
      x: values.operand("x"),
      step: values.operand("step"),
      output,
    });
  }),
];
