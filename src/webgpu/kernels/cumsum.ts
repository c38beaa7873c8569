import shader from "../../../shaders/cumsum.wgsl?raw";
import type { Shape } from "../../core/shape.ts";
import type { CumsumAttributes } from "../../graph/ops/cumsum.ts";
import { aroundAxis } from "../../graph/ops/resample_axis.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** Running sums along one axis of `shape`. */
export function cumsum(shape: Shape, { axis, exclusive, reverse }: CumsumAttributes, traits: DeviceTraits): KernelSpec {
  const [outer, extent, inner] = aroundAxis(shape, axis);
  const vector = inner % 4 === 0;
  const lines = vector ? inner / 4 : inner;
  const threads = workgroupThreads(traits);
  return {
    name: "cumsum",
    shader,
    constants: {
      ...{ THREADS: threads, VECTOR: vector, OUTER: outer, EXTENT: extent, INNER: lines },
      ...{ EXCLUSIVE: exclusive, REVERSE: reverse },
    },
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(outer * lines, threads),
    variant: `${outer * inner} lines of ${extent}, ${vector ? "4 lines" : "1 line"} a thread`,
    flops: outer * extent * inner,
  };
}

export const cumsumLowerings: readonly Lowering[] = [
  lowering("cumsum", (node, values, output, emit) => {
    emit.dispatch(cumsum(node.shape, node.attributes, emit.traits), { input: values.operand("x"), output });
  }),
];
