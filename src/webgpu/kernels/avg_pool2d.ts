import poolShader from "../../../shaders/avg_pool2d.wgsl?raw";
import avgPool2dDivisor from "../../../shaders/avg_pool2d_divisor.wgsl?raw";
import gradientShader from "../../../shaders/avg_pool2d_gradient.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import { type AvgPoolAttributes, countedRange } from "../../graph/ops/avg_pool2d.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { poolConstants } from "./max_pool2d.ts";
import { workgroupThreads } from "./sizes.ts";

/** Mean of each window of `input`, or its gradient from `upstream`. */
export function avgPool2d(
  attributes: AvgPoolAttributes,
  options: { gradient: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const g = attributes.geometry;
  const range = countedRange(attributes);
  const constants = poolConstants(g, workgroupThreads(traits));
  const places = options.gradient ? g.inHeight * g.inWidth : g.outHeight * g.outWidth;
  return kernel(() => ({
    name: options.gradient ? "avg_pool2d_gradient" : "avg_pool2d",
    shader: options.gradient ? gradientShader : poolShader,
    includes: { avg_pool2d_divisor: avgPool2dDivisor, stored_tensor: storedTensor },
    constants: {
      ...constants,
      FROM_ROW: range.fromRow,
      TO_ROW: range.toRow,
      FROM_COLUMN: range.fromColumn,
      TO_COLUMN: range.toColumn,
    },
    bindings: { [options.gradient ? "upstream" : "input"]: "read", output: "write" },
    workgroups: linearWorkgroups(g.batch * places * constants.CHANNELS, constants.THREADS),
    variant: `${g.kernelHeight}×${g.kernelWidth}, ${constants.VECTOR ? "4 channels" : "1 channel"} a thread`,
    flops: g.batch * g.outHeight * g.outWidth * g.channels * g.kernelHeight * g.kernelWidth,
    halves: halvesIf(
      constants.VECTOR,
      options.gradient
        ? { HALF_UPSTREAM: "upstream", HALF_OUTPUT: "output" }
        : { HALF_INPUT: "input", HALF_OUTPUT: "output" },
    ),
  }));
}

export const avgPool2dLowerings: readonly Lowering[] = [
  lowering("avgPool2d", ({ attributes }, values, output, emit) => {
    emit.dispatch(avgPool2d(attributes, { gradient: false }, emit.traits), { input: values.operand("x"), output });
  }),
  lowering("avgPool2dGradient", ({ attributes }, values, output, emit) => {
    emit.dispatch(avgPool2d(attributes, { gradient: true }, emit.traits), {
      upstream: values.operand("upstream"),
      output,
    });
  }),
];
