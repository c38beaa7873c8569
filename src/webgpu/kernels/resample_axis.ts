import shader from "../../../shaders/resample_axis.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import { aroundAxis } from "../../graph/ops/resample_axis.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { workgroupThreads } from "./sizes.ts";

export interface ResampleSizes {
  readonly outer: number;
  readonly inExtent: number;
  readonly outExtent: number;
  readonly inner: number;
  /** Sources of one element, the most that any has. */
  readonly taps: number;
}

/** Weighted sums along one axis. Places are i32 [outExtent, taps], weights f32 of the same shape. */
export function resampleAxis(sizes: ResampleSizes, traits: DeviceTraits): KernelSpec {
  const { outer, inExtent, outExtent, inner, taps } = sizes;
  const vector = inner % 4 === 0;
  const threads = workgroupThreads(traits);
  const elements = outer * outExtent * (vector ? inner / 4 : inner);
  return kernel(() => ({
    name: "resample_axis",
    shader,
    includes: { stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      VECTOR: vector,
      OUTER: outer,
      IN_EXTENT: inExtent,
      OUT_EXTENT: outExtent,
      INNER: vector ? inner / 4 : inner,
      TAPS: taps,
    },
    bindings: { input: "read", places: "read", weights: "read", output: "write" },
    workgroups: linearWorkgroups(elements, threads),
    variant: `${inExtent} to ${outExtent}, ${taps} taps, ${vector ? "4 elements" : "1 element"} a thread`,
    flops: 2 * outer * outExtent * inner * taps,
    halves: halvesIf(vector, { HALF_INPUT: "input", HALF_OUTPUT: "output" }),
  }));
}

export const resampleAxisLowerings: readonly Lowering[] = [
  lowering("resampleAxis", (node, values, output, emit) => {
    const { axis, taps } = node.attributes;
    const [outer, inExtent, inner] = aroundAxis(node.operand("x").shape, axis);
    const most = Math.max(1, ...taps.map((list) => list.length));
    const places = taps.flatMap((list) => Array.from({ length: most }, (_, tap) => list[tap]?.index ?? -1));
    const weights = taps.flatMap((list) => Array.from({ length: most }, (_, tap) => list[tap]?.weight ?? 0));
    const spec = resampleAxis({ outer, inExtent, outExtent: taps.length, inner, taps: most }, emit.traits);
    emit.dispatch(spec, {
      input: values.operand("x"),
      places: emit.constant("resampling places", Int32Array.from(places), "i32"),
      weights: emit.constant("resampling weights", Float32Array.from(weights), "f32"),
      output,
    });
  }),
];
