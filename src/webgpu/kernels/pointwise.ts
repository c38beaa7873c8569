import elementNan from "../../../shaders/element_nan.wgsl?raw";
import shader from "../../../shaders/pointwise.wgsl?raw";
import power from "../../../shaders/power.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import { sizeOf } from "../../core/shape.ts";
import {
  type PointwiseAttributes,
  type PointwiseFunction,
  pointwiseFunctions,
} from "../../graph/pointwise_functions.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { flagOf, workgroupThreads } from "./sizes.ts";

/** Whole exponents up to this are multiplications. */
const MOST_MULTIPLIED = 64;

/** Finite in f32, as WGSL's constants must be. */
function finite(value: number): { f32: number } {
  const most = 3.4028234663852886e38;
  return { f32: Math.min(Math.max(value, -most), most) };
}

/** f(x) of `size` elements; with `gradient` upstream · f'(x). */
export function pointwise(
  name: PointwiseFunction,
  options: { size: number; gradient: boolean } & Partial<PointwiseAttributes>,
  traits: DeviceTraits,
): KernelSpec {
  const { size, gradient, a = 0, b = 0 } = options;
  const vector = size % 4 === 0;
  const elements = vector ? size / 4 : size;
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "pointwise",
    shader,
    includes: { element_nan: elementNan, power, stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: elements,
      VECTOR: vector,
      GRADIENT: gradient,
      A: finite(a),
      B: finite(b),
      WHOLE: Number.isInteger(a) && Math.abs(a) <= MOST_MULTIPLIED,
      ...Object.fromEntries(pointwiseFunctions.map((other) => [flagOf(other), other === name])),
    },
    bindings: presentBindings({ x: "read", upstream: gradient && "read", output: "write" }),
    workgroups: linearWorkgroups(elements, threads),
    variant: `${name}${gradient ? " gradient" : ""}, ${vector ? "4 elements" : "1 element"} a thread`,
    flops: size,
    role: "pointwise",
    halves: halvesIf(vector, { HALF_X: "x", HALF_UPSTREAM: gradient && "upstream", HALF_OUTPUT: "output" }),
  }));
}

export const pointwiseLowerings: readonly Lowering[] = pointwiseFunctions.flatMap((name) => {
  const lower = (op: PointwiseFunction | `${PointwiseFunction}Gradient`, gradient: boolean) =>
    lowering(op, ({ attributes, shape }, values, output, emit) => {
      emit.dispatch(pointwise(name, { size: sizeOf(shape), gradient, ...attributes }, emit.traits), {
        x: values.operand("x"),
        upstream: gradient ? values.operand("upstream") : undefined,
        output,
      });
    });
  return [lower(name, false), lower(`${name}Gradient`, true)];
});
