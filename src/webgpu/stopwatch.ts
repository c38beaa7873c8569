import { DeviceLostError } from "../core/errors.ts";
import { median } from "../core/median.ts";
import { completed } from "./completion.ts";

/** Measures how long the device works on a pass. */
export interface Stopwatch {
  /** A pass that takes less is measured by a clock too coarse for it. */
  readonly leastMilliseconds: number;
  /** Milliseconds of one pass, submitted alone. Throws `DeviceLostError`. */
  time(encode: (pass: GPUComputePassEncoder) => void): Promise<number>;
  /** Frees what the device holds for it. */
  dispose(): void;
}

/** A time is right to about a part in this many. */
const GRAINS = 8;
/** However coarse a clock is, no measurement is asked to take longer. */
const MOST_LEAST_MILLISECONDS = 400;
/** Browsers round the device's clock to steps of up to so much. */
const STAMP_GRAIN_MILLISECONDS = 0.1;
const IDLE_WAITS = 5;

/** By the device's own clock where it has one, by the clock on the wall otherwise; `stamps: false` asks for the latter. */
export async function openStopwatch(device: GPUDevice, { stamps = true } = {}): Promise<Stopwatch> {
  const measured = stamps && device.features.has("timestamp-query");
  const grain = measured ? STAMP_GRAIN_MILLISECONDS : await wallGrain(device);
  const leastMilliseconds = Math.min(MOST_LEAST_MILLISECONDS, GRAINS * grain);
  return new DeviceStopwatch(device, leastMilliseconds, measured);
}

/**
 * How coarse the time of a wait is: what waiting takes when there is nothing to wait for, and the steps of the clock, which
 * are up to 100 ms where a browser hides the time (Firefox, privacy.resistFingerprinting).
 */
async function wallGrain(device: GPUDevice): Promise<number> {
  const waits: number[] = [];
  for (let wait = 0; wait < IDLE_WAITS; wait++) {
    const began = performance.now();
    await completed(device, device.queue.onSubmittedWorkDone());
    waits.push(performance.now() - began);
  }
  const began = performance.now();
  let now = began;
  // Reading a clock takes well under a microsecond: one that stands for as long as this loop is no clock.
  for (let reading = 0; reading < 1e6 && now === began; reading++) now = performance.now();
  return Math.max(median(waits), now - began);
}

class DeviceStopwatch implements Stopwatch {
  readonly leastMilliseconds: number;
  readonly #device: GPUDevice;
  readonly #lost: Promise<never>;
  readonly #stamps:
    | { readonly set: GPUQuerySet; readonly resolved: GPUBuffer; readonly staging: GPUBuffer }
    | undefined;

  constructor(device: GPUDevice, leastMilliseconds: number, stamps: boolean) {
    this.#device = device;
    this.leastMilliseconds = leastMilliseconds;
    this.#lost = device.lost.then(({ reason, message }) => {
      throw new DeviceLostError(`The GPU device was lost while kernels were measured (${reason}): ${message}`);
    });
    this.#lost.catch(() => undefined);
    if (!stamps) return;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const label = "corteza stopwatch";
    this.#stamps = {
      set: device.createQuerySet({ label, type: "timestamp", count: 2 }),
      resolved: device.createBuffer({ label, size: 16, usage: QUERY_RESOLVE | COPY_SRC }),
      staging: device.createBuffer({ label, size: 16, usage: COPY_DST | MAP_READ }),
    };
  }

  async time(encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const encoder = this.#device.createCommandEncoder();
    const stamps = this.#stamps;
    const timestampWrites = stamps && {
      querySet: stamps.set,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    };
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    encode(pass);
    pass.end();
    if (stamps) {
      encoder.resolveQuerySet(stamps.set, 0, 2, stamps.resolved, 0);
      encoder.copyBufferToBuffer(stamps.resolved, 0, stamps.staging, 0, 16);
    }
    const began = performance.now();
    this.#device.queue.submit([encoder.finish()]);
    const done = stamps ? stamps.staging.mapAsync(GPUMapMode.READ) : this.#device.queue.onSubmittedWorkDone();
    await Promise.race([completed(this.#device, done), this.#lost]);
    const wall = performance.now() - began;
    if (stamps === undefined) return wall;
    const [from = 0n, to = 0n] = new BigUint64Array(stamps.staging.getMappedRange().slice(0));
    stamps.staging.unmap();
    // Nanoseconds. A clock that stood still or went back tells nothing.
    return to > from ? Number(to - from) / 1e6 : wall;
  }

  dispose(): void {
    this.#stamps?.set.destroy();
    this.#stamps?.resolved.destroy();
    this.#stamps?.staging.destroy();
  }
}

/**
 * Measures a pass of `encode` again and again until it is long enough for the clock. Gives how often it has to be done in
 * one pass, `most` at most.
 */
export async function repeatsNeeded(
  watch: Stopwatch,
  encode: (pass: GPUComputePassEncoder, times: number) => void,
  { milliseconds = 0, most }: { milliseconds?: number; most: number },
): Promise<number> {
  const least = Math.max(milliseconds, watch.leastMilliseconds);
  let times = 1;
  while (times < most && (await watch.time((pass) => encode(pass, times))) < least) times *= 2;
  return Math.min(times, most);
}
