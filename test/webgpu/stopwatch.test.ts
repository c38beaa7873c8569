/** Measurements on devices that tell of completions late, with the clock in the test's hands. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStopwatch, repeatsNeeded } from "../../src/webgpu/stopwatch.ts";

/** What one dispatch takes on the device below. */
const DISPATCH_MILLISECONDS = 2;

/** A device without a clock of its own, whose dispatches take 2 ms each and whose completions come on the next tick of a timer. */
function device(tick: number): GPUDevice {
  let busyUntil = 0;
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return {
    features: new Set<string>(),
    lost: new Promise(() => undefined),
    createCommandEncoder: () => {
      let dispatches = 0;
      return {
        beginComputePass: () => ({ dispatchWorkgroups: () => dispatches++, end: () => undefined }),
        finish: () => ({ dispatches }),
      };
    },
    queue: {
      submit: (buffers: readonly { dispatches: number }[]) => {
        for (const { dispatches } of buffers) {
          busyUntil = Math.max(busyUntil, performance.now()) + dispatches * DISPATCH_MILLISECONDS;
        }
      },
      onSubmittedWorkDone: () => {
        const done = Math.max(busyUntil, performance.now());
        return sleep((Math.floor(done / tick) + 1) * tick - performance.now());
      },
    },
  } as unknown as GPUDevice;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a dispatch seems to take, in milliseconds. */
async function measured(tick: number): Promise<number> {
  const measuring = (async () => {
    const watch = await openStopwatch(device(tick));
    const encode = (pass: GPUComputePassEncoder, times: number) => {
      for (let time = 0; time < times; time++) pass.dispatchWorkgroups(1);
    };
    const times = await repeatsNeeded(watch, encode, { most: 4096 });
    return (await watch.time((pass) => encode(pass, times))) / times;
  })();
  await vi.advanceTimersByTimeAsync(60_000);
  return measuring;
}

describe("a dispatch of 2 ms, measured by the clock on the wall", () => {
  it.each([0.1, 1, 4, 16, 100])("seems to take 2 to 2.6 ms where completions come every %s ms", async (tick) => {
    const milliseconds = await measured(tick);
    // Late completions make it longer, never shorter: a peak found by it is never more than there is.
    expect(milliseconds).toBeGreaterThanOrEqual(DISPATCH_MILLISECONDS);
    expect(milliseconds).toBeLessThan(1.3 * DISPATCH_MILLISECONDS);
  });
});
