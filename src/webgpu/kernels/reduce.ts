import elementAt from "../../../shaders/element_at.wgsl?raw";
import elementNan from "../../../shaders/element_nan.wgsl?raw";
import maxGradientShader from "../../../shaders/max_gradient.wgsl?raw";
import reduceShader from "../../../shaders/reduce.wgsl?raw";
import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { kernel } from "../variants.ts";
import { type AxisWalk, innermost, mergeAxes, quarterInnermost, vectorStrides } from "./axes.ts";
import { lanesPerRow, rowReduction, workgroupThreads } from "./sizes.ts";

const reduceIncludes = { element_nan: elementNan, element_at: elementAt };

export type ReduceOperation = "sum" | "product" | "max" | "min";

/** The axes that stay and those that are reduced, each merged as far as possible, with the input's strides. */
function splitAxes(shape: Shape, axes: readonly number[]): { kept: AxisWalk; reduced: AxisWalk } {
  const strides = stridesOf(shape);
  const pick = (wanted: boolean): AxisWalk => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    return mergeAxes({
      extents: chosen.map((axis) => at(shape, axis)),
      strides: [chosen.map((axis) => at(strides, axis))],
    });
  };
  return { kept: pick(false), reduced: pick(true) };
}

/** Up to this many values a thread adds them up alone. */
const SHORT = 256;
/** Values a thread takes when a longer sum is split. */
const SLICE = 64;

/** A dispatch of a reduction, and the number of values it writes. */
export interface ReduceStage {
  readonly spec: KernelSpec;
  readonly size: number;
}

/**
 * Reduces `axes` of `shape`. Each stage reads the output of the one before it (from input to output) and the last
 * one writes the result; long sums over few results take more than one, so that enough threads have work.
 */
export function reduceStages(
  operation: ReduceOperation,
  shape: Shape,
  axes: readonly number[],
  traits: DeviceTraits,
): readonly ReduceStage[] {
  const { kept, reduced } = splitAxes(shape, axes);
  const keptStrides = at(kept.strides, 0);
  const reducedStrides = at(reduced.strides, 0);
  const keptVector = innermost(keptStrides) === 1 && innermost(kept.extents) % 4 === 0;
  const reducedVector = innermost(reducedStrides) === 1 && innermost(reduced.extents) % 4 === 0;
  // All strides but the innermost are multiples of an extent that divides by four.
  const asVectors = (strides: readonly number[], inner: boolean) =>
    inner ? vectorStrides(strides) : keptVector || reducedVector ? strides.map((stride) => stride / 4) : strides;
  const keptExtents = keptVector ? quarterInnermost(kept.extents) : kept.extents;
  const reducedExtents = reducedVector ? quarterInnermost(reduced.extents) : reduced.extents;
  const results = sizeOf(keptExtents);
  const length = sizeOf(reducedExtents);

  const busyThreads = traits.software ? 256 : 8192;
  const slices =
    length <= SHORT ? 1 : Math.max(1, Math.min(Math.ceil(length / SLICE), Math.ceil(busyThreads / results)));
  const slicesInnermost = innermost(reducedStrides) === 1;
  const threads = workgroupThreads(traits);
  const adds = operation === "sum" || operation === "product";
  const spec = kernel(() => ({
    name: "reduce",
    shader: reduceShader,
    includes: reduceIncludes,
    constants: {
      THREADS: threads,
      SUM: operation === "sum",
      PRODUCT: operation === "product",
      MINIMUM: operation === "min",
      VECTOR: keptVector || reducedVector,
      KEPT_VECTOR: keptVector,
      REDUCED_VECTOR: reducedVector,
      RESULTS: results,
      SLICES: slices,
      SLICES_INNERMOST: slicesInnermost,
      LENGTH: length,
      STEPS: Math.ceil(length / slices),
      KEPT_RANK: keptExtents.length,
      RESULT_STRIDES: stridesOf(keptExtents),
      KEPT_STRIDES: asVectors(keptStrides, keptVector),
      REDUCED_RANK: reducedExtents.length,
      POSITION_STRIDES: stridesOf(reducedExtents),
      REDUCED_STRIDES: asVectors(reducedStrides, reducedVector),
    },
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(results * slices, threads),
    variant: `${operation} of ${sizeOf(reduced.extents)}${slices > 1 ? `, ${slices} slices` : ""}`,
    flops: sizeOf(shape),
    role: adds ? "sum" : undefined,
    // Sums stay f32, and so do parts of a result.
    halves: { HALF_INPUT: "input", HALF_OUTPUT: !adds && keptVector && slices === 1 && "output" },
  }));
  const outputs = sizeOf(kept.extents);
  const stage = { spec, size: outputs * slices };
  if (slices === 1) return [stage];
  const rest = slicesInnermost
    ? reduceStages(operation, [outputs, slices], [1], traits)
    : reduceStages(operation, [slices, outputs], [0], traits);
  return [stage, ...rest];
}

/** Gradient of the maximum over `axes`. `upstream` has one value a reduced group. */
export function maxGradient(shape: Shape, axes: readonly number[], traits: DeviceTraits): KernelSpec {
  const { kept, reduced } = splitAxes(shape, axes);
  const results = sizeOf(kept.extents);
  const length = sizeOf(reduced.extents);
  const lanes = lanesPerRow(results, length, traits);
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "max_gradient",
    shader: maxGradientShader,
    includes: reduceIncludes,
    constants: {
      VECTOR: false,
      ...rowReduction(threads, lanes, traits),
      RESULTS: results,
      LENGTH: length,
      STEPS: Math.ceil(length / lanes),
      KEPT_RANK: kept.extents.length,
      RESULT_STRIDES: stridesOf(kept.extents),
      KEPT_STRIDES: at(kept.strides, 0),
      REDUCED_RANK: reduced.extents.length,
      POSITION_STRIDES: stridesOf(reduced.extents),
      REDUCED_STRIDES: at(reduced.strides, 0),
    },
    bindings: { x: "read", upstream: "read", output: "write" },
    workgroups: linearWorkgroups(results * lanes, threads),
    variant: `${lanes} thread${lanes === 1 ? "" : "s"} a group`,
    flops: sizeOf(shape),
    halves: { HALF_X: "x", HALF_UPSTREAM: "upstream" },
  }));
}

function lower(op: "sum" | "max" | "min" | "product", operation: ReduceOperation): Lowering {
  return lowering(op, (node, values, output, emit) => {
    const stages = reduceStages(operation, node.operand("x").shape, node.attributes.axes, emit.traits);
    let current = values.operand("x");
    stages.forEach(({ spec, size }, index) => {
      const next = index === stages.length - 1 ? output : emit.scratch(`${operation} slices`, size);
      emit.dispatch(spec, { input: current, output: next });
      current = next;
    });
  });
}

export const reduceLowerings: readonly Lowering[] = [
  lower("sum", "sum"),
  lower("max", "max"),
  lower("min", "min"),
  lower("product", "product"),
  lowering("maxGradient", (node, values, output, emit) => {
    emit.dispatch(maxGradient(node.shape, node.attributes.axes, emit.traits), {
      x: values.operand("x"),
      upstream: values.operand("upstream"),
      output,
    });
  }),
];
