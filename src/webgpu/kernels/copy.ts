import shader from "../../../shaders/copy.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import type { StoredType } from "../lowering.ts";
import { kernel } from "../variants.ts";
import { workgroupThreads } from "./sizes.ts";

/** `size` elements of any type from one buffer to another, bit by bit, from x to the output. */
export function copy({ size, dtype }: { size: number; dtype: StoredType }, traits: DeviceTraits): KernelSpec {
  const words = dtype === "u8" ? Math.ceil(size / 4) : size;
  const vector = words % 4 === 0;
  const elements = vector ? words / 4 : words;
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "copy",
    shader,
    constants: { THREADS: threads, SIZE: elements, VECTOR: vector },
    bindings: { x: "read", output: "write" },
    workgroups: linearWorkgroups(elements, threads),
    variant: `${vector ? "4 elements" : "1 element"} a thread`,
    flops: 0,
    role: "pointwise",
    halves: { HALF_X: vector && "x" },
  }));
}
