import shader from "../../../shaders/record_step.wgsl?raw";
import { ArgumentError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import { at } from "../../graph/op.ts";
import { recordStepOp } from "../../graph/ops/record_step.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

export interface RecordStepOptions {
  /** Elements of each value, in order. */
  readonly sizes: readonly number[];
  /** Rows of the ring. */
  readonly capacity: number;
  /** How many counters there are. */
  readonly counters: number;
}

/** WebGPU's default limit of storage buffers a shader stage. */
const MOST_BINDINGS = 8;

/**
 * Writes values into the ring's row (first counter mod capacity), then adds one to every counter.
 * Bindings: each value, ring [capacity, Σ sizes], each counter (u32).
 */
export function recordStep({ sizes, capacity, counters }: RecordStepOptions, traits: DeviceTraits): KernelSpec {
  if (sizes.length + 1 + counters > MOST_BINDINGS) {
    throw new ArgumentError(
      `recordStep: ${sizes.length} values, a ring and ${counters} counters need more than ${MOST_BINDINGS} buffers; ` +
        `record fewer values or share a counter.`,
    );
  }
  const offsets: number[] = [];
  let rowSize = 0;
  for (const size of sizes) {
    offsets.push(rowSize);
    rowSize += size;
  }
  return {
    name: "record_step",
    shader,
    constants: {
      THREADS: workgroupThreads(traits),
      VALUES: sizes.length,
      SIZES: sizes,
      OFFSETS: offsets,
      ROW_SIZE: rowSize,
      CAPACITY: capacity,
      COUNTERS: counters,
    },
    bindings: [
      ...sizes.map(() => "read" as const),
      "readWrite",
      ...Array.from({ length: counters }, () => "readWrite" as const),
    ],
    workgroups: [1, 1, 1],
    flops: 0,
  };
}

export const recordStepLowerings: readonly Lowering[] = [
  // An effect: after its inputs come the variables that it writes, the ring and the counters.
  lowering(recordStepOp, (node, inputs, _, emit) => {
    const { ring, counters } = node.attributes;
    const options = {
      sizes: node.inputs.map((input) => sizeOf(input.shape)),
      capacity: at(ring.shape, 0),
      counters: counters.length,
    };
    emit.dispatch(recordStep(options, emit.traits), inputs);
  }),
];
