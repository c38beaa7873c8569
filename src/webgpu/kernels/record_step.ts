import shader from "../../../shaders/record_step.wgsl?raw";
import { at } from "../../core/at.ts";
import { recordStepParts } from "../../graph/ops/record_step.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";
import { checkRowBindings, type RowOptions, rowBindings, rowConstants, rowIncludes, rowValues } from "./step_ring.ts";

export interface RecordStepOptions extends RowOptions {
  /** Elements of a guard, none by default. */
  readonly guardSize?: number;
}

/**
 * Writes values into the ring's row (first counter mod capacity), then adds one to every counter.
 * Where an element of the guard is not 0, the first value becomes NaN. The ring is [capacity, Σ sizes], each counter u32.
 */
export function recordStep(options: RecordStepOptions, traits: DeviceTraits): KernelSpec {
  const { sizes, counters, guardSize = 0 } = options;
  const guards = guardSize > 0 ? 1 : 0;
  checkRowBindings("recordStep", options, sizes.length + guards + 1 + counters);
  return {
    name: "record_step",
    shader,
    includes: rowIncludes,
    constants: {
      THREADS: workgroupThreads(traits),
      ...rowConstants(options),
      GUARD: guards,
      GUARD_SIZE: guardSize,
    },
    bindings: presentBindings({
      ...rowBindings(options),
      guard: guards > 0 && "read",
    }),
    workgroups: [1, 1, 1],
    flops: 0,
  };
}

export const recordStepLowerings: readonly Lowering[] = [
  lowering("recordStep", ({ attributes }, operands, _, emit) => {
    const { ring, counters, guarded = false } = attributes;
    // What looked for numbers that are not finite may have left several counts.
    const { values, guard } = recordStepParts(operands.operands("values"), guarded);
    const options = {
      sizes: values.map(({ size }) => size),
      ...(guard ? { guardSize: guard.size } : {}),
      capacity: at(ring.shape, 0),
      counters: counters.length,
    };
    emit.dispatch(recordStep(options, emit.traits), { ...rowValues(values, attributes, emit), guard });
  }),
];
