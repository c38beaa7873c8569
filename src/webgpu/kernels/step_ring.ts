import stepRing from "../../../shaders/step_ring.wgsl?raw";
import { ArgumentError } from "../../core/errors.ts";
import type { StepRing } from "../../graph/ops/step_ring.ts";
import { type Bindings, numberedBindings } from "../kernel.ts";
import { type BoundValues, type Emitter, numberedValues, type Value } from "../lowering.ts";
import type { ShaderConstants } from "../preprocess.ts";

/** WebGPU's default limit of storage buffers a shader stage. */
const MOST_BINDINGS = 8;

/** How a step is recorded (graph/ops/step_ring.ts). */
export interface RowOptions {
  /** Elements of each recorded value, in order. */
  readonly sizes: readonly number[];
  /** Rows of the ring that take steps. */
  readonly capacity: number;
  /** How many counters there are. */
  readonly counters: number;
}

/** What shaders include to record a step. */
export const rowIncludes = { step_ring: stepRing };

/** The constants by which shaders/step_ring.wgsl writes a row: values one behind the other. */
export function rowConstants({ sizes, capacity, counters }: RowOptions): ShaderConstants {
  const offsets: number[] = [];
  let rowSize = 0;
  for (const size of sizes) {
    offsets.push(rowSize);
    rowSize += size;
  }
  return {
    VALUES: sizes.length,
    SIZES: sizes,
    OFFSETS: offsets,
    ROW_SIZE: rowSize,
    CAPACITY: capacity,
    COUNTERS: counters,
  };
}

/** Its bindings: what is recorded, the ring, the counters. */
export function rowBindings({ sizes, counters }: RowOptions): Bindings {
  return {
    ...numberedBindings("value", sizes.length, "read"),
    ring: "readWrite",
    ...numberedBindings("counter", counters, "readWrite"),
  };
}

/** The values of these bindings. */
export function rowValues(values: readonly Value[], { ring, counters }: StepRing, emit: Emitter): BoundValues {
  return {
    ...numberedValues("value", values),
    ring: emit.variable(ring),
    ...numberedValues(
      "counter",
      counters.map((counter) => emit.variable(counter)),
    ),
  };
}

/** Throws `ArgumentError` where a step's values and counters need more buffers than a shader has. */
export function checkRowBindings(what: string, { sizes, counters }: RowOptions, bindings: number): void {
  if (bindings <= MOST_BINDINGS) return;
  throw new ArgumentError(
    `${what}: ${sizes.length} values and ${counters} counters need ${bindings} buffers, more than ${MOST_BINDINGS}; ` +
      "record fewer values, or one that concat() makes of them.",
  );
}
