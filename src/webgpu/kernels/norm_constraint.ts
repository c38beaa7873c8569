import shader from "../../../shaders/norm_constraint.wgsl?raw";
import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import { sizeOf } from "../../core/shape.ts";
import { NORM_EPSILON, type NormConstraintAttributes } from "../../graph/ops/norm_constraint.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { mergeAxes } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/**
 * Holds the norms of a variable's slices to a range; a thread takes one slice. Bindings: the variable, with `skippable` behind
 * whether the step counts (u32).
 */
export function normConstraint(
  options: NormConstraintAttributes & { readonly skippable?: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  const { variable, axes, minValue, maxValue, rate, skippable = false } = options;
  const strides = stridesOf(variable.shape);
  const part = (wanted: boolean) => {
    const those = variable.shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    const walk = {
      extents: those.map((axis) => at(variable.shape, axis)),
      strides: [those.map((axis) => at(strides, axis))],
    };
    const merged = mergeAxes(walk);
    return { extents: merged.extents, strides: at(merged.strides, 0) };
  };
  const [kept, reduced] = [part(false), part(true)];
  return {
    name: "norm_constraint",
    shader,
    constants: {
      THREADS: threads,
      SLICES: sizeOf(kept.extents),
      SLICE_RANK: kept.extents.length,
      SLICE_WALK: stridesOf(kept.extents),
      SLICE_STRIDES: kept.strides,
      LENGTH: sizeOf(reduced.extents),
      RANK: reduced.extents.length,
      WALK: stridesOf(reduced.extents),
      STRIDES: reduced.strides,
      LEAST: { f32: minValue },
      MOST: { f32: maxValue },
      RATE: { f32: rate },
      EPSILON: { f32: NORM_EPSILON },
      SKIPPABLE: skippable,
    },
    bindings: presentBindings({ parameter: "readWrite", counts: skippable && "read" }),
    workgroups: linearWorkgroups(sizeOf(kept.extents), threads),
    flops: 3 * variable.size,
  };
}

export const normConstraintLowerings: readonly Lowering[] = [
  lowering("normConstraint", ({ attributes }, values, parameter, emit) => {
    const counts = values.optionalOperand("verdict");
    const options = { ...attributes, skippable: counts !== undefined };
    emit.dispatch(normConstraint(options, emit.traits), { parameter, counts });
  }),
];
