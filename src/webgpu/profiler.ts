import { at } from "../core/at.ts";
import { median } from "../core/median.ts";
import type { Arena, Variable } from "../graph/node.ts";
import type { KernelTime, ProfileData } from "../graph/profile.ts";
import type { DeviceContext } from "./device_context.ts";
import { encodeDispatches, encodePass, type RecordedDispatch } from "./dispatches.ts";
import { peakGflops } from "./peak.ts";
import { type Plan, storedBytes } from "./plan.ts";
import type { Readback } from "./readback.ts";
import { openStopwatch, repeatsNeeded } from "./stopwatch.ts";

/** Runs of one kernel in a measurement by the wall clock. */
const MOST_REPEATS = 1024;

/** A plan as it was recorded, and what a step of it writes. */
interface Recorded {
  readonly plan: Plan;
  readonly recorded: readonly RecordedDispatch[];
  readonly written: ReadonlySet<Variable | Arena>;
}

/** A profile of the plan's dispatches, over so many steps. */
export async function profileRecording(
  context: DeviceContext,
  { plan, recorded, written }: Recorded,
  steps: number,
): Promise<ProfileData> {
  const { device, variables, readback } = context;
  const probed = await peakGflops(context);
  variables.synchronize(plan.variables);
  variables.changed(written);
  const { timing, times } = await timeDispatches(device, readback, recorded, steps);
  const kernels = plan.dispatches.map(({ spec, op, layer, values }, index) => ({
    layer,
    op,
    kernel: spec.name,
    milliseconds: median(at(times, index)),
    flops: spec.flops,
    bytes: values.reduce((sum, value) => sum + value.size * storedBytes(value.dtype), 0),
  }));
  return { timing, steps, peakGflops: peakOf(probed, kernels), kernels };
}

/** The device's throughput in GFLOP/s: what a probe reached, or a kernel that did more, since nothing is faster than it can be. */
function peakOf(probed: number, kernels: readonly KernelTime[]): number {
  const rates = kernels.flatMap(({ flops, milliseconds }) => (milliseconds > 0 ? [flops / milliseconds / 1e6] : []));
  return Math.max(probed, ...rates);
}

/** Milliseconds of every dispatch in every step, by the best clock that the device has. */
async function timeDispatches(
  device: GPUDevice,
  readback: Readback,
  recorded: readonly RecordedDispatch[],
  steps: number,
): Promise<{ timing: ProfileData["timing"]; times: number[][] }> {
  if (!device.features.has("timestamp-query")) {
    return { timing: "wall clock", times: await timeOneByOne(device, recorded, steps) };
  }
  return { timing: "timestamps", times: await timeWithStamps(device, readback, recorded, steps) };
}

/** Milliseconds of every dispatch in every step, by the GPU's clock: a pass of its own around each. */
async function timeWithStamps(
  device: GPUDevice,
  readback: Readback,
  recorded: readonly RecordedDispatch[],
  steps: number,
): Promise<number[][]> {
  const times = recorded.map((): number[] => []);
  const count = 2 * recorded.length;
  const querySet = device.createQuerySet({ label: "corteza profile", type: "timestamp", count });
  const resolved = device.createBuffer({
    label: "corteza profile",
    size: count * 8,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    for (let step = 0; step < steps; step++) {
      const encoder = device.createCommandEncoder();
      recorded.forEach((dispatch, index) => {
        const timestampWrites = {
          querySet,
          beginningOfPassWriteIndex: 2 * index,
          endOfPassWriteIndex: 2 * index + 1,
        };
        encodePass(encoder, [dispatch], { timestampWrites });
      });
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      const source = { label: "corteza profile", buffer: resolved, offset: 0, size: count * 8 };
      const [bytes] = await Promise.all(readback.submit(encoder, [source]));
      const stamps = [...new BigUint64Array(bytes as ArrayBuffer)];
      times.forEach((list, index) => {
        // Nanoseconds; browsers round them, and a clock that steps back in between is not a time.
        list.push(Math.max(0, Number(at(stamps, 2 * index + 1) - at(stamps, 2 * index)) / 1e6));
      });
    }
  } finally {
    querySet.destroy();
    resolved.destroy();
  }
  return times;
}

/** The same by the wall clock: a submission for each dispatch, as often in it as the clock wants. */
async function timeOneByOne(
  device: GPUDevice,
  recorded: readonly RecordedDispatch[],
  steps: number,
): Promise<number[][]> {
  const times = recorded.map((): number[] => []);
  const watch = await openStopwatch(device, { stamps: false });
  const repeats: number[] = [];
  for (const dispatch of recorded) {
    const encode = (pass: GPUComputePassEncoder, count: number) => encodeDispatches(pass, [dispatch], count);
    repeats.push(await repeatsNeeded(watch, encode, { most: MOST_REPEATS }));
  }
  for (let step = 0; step < steps; step++) {
    for (const [index, dispatch] of recorded.entries()) {
      const count = at(repeats, index);
      const milliseconds = await watch.time((pass) => encodeDispatches(pass, [dispatch], count));
      times[index]?.push(milliseconds / count);
    }
  }
  watch.dispose();
  return times;
}
