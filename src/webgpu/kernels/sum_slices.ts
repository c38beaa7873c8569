import sumSlicesShader from "../../../shaders/sum_slices.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";

export interface SumSlicesOptions {
  /** Elements of a slice that are summed. */
  readonly size: number;
  readonly slices: number;
  /** Elements from one slice to the next; default `size`. */
  readonly sliceStride?: number;
}

/** Σ over slices, in their order. */
export function sumSlices({ size, slices, sliceStride = size }: SumSlicesOptions, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const vector = size % 4 === 0 && sliceStride % 4 === 0;
  const elements = vector ? size / 4 : size;
  return {
    name: "sum_slices",
    shader: sumSlicesShader,
    constants: {
      THREADS: threads,
      VECTOR: vector,
      SIZE: elements,
      SLICES: slices,
      SLICE_STRIDE: vector ? sliceStride / 4 : sliceStride,
    },
    bindings: { partials: "read", output: "write" },
    workgroups: linearWorkgroups(elements, threads),
    variant: `${slices} slices`,
    flops: size * slices,
  };
}
