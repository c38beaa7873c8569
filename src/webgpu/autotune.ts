import { at } from "../core/at.ts";
import { median } from "../core/median.ts";
import { bindKernel, encodeDispatches } from "./dispatches.ts";
import { otherTiles } from "./other_tiles.ts";
import type { PipelineCache } from "./pipelines.ts";
import { byteSize, type Plan, type PlannedDispatch } from "./plan.ts";
import { openStopwatch, type Stopwatch } from "./stopwatch.ts";
import { type AutotuneOptions, indexedDbTuningStore, memoryTuningStore, type TuningStore } from "./tuning_store.ts";

/** Part of every key: what was measured with other kernels is worth nothing. */
const VERSION = "corteza tiles 3";
const DEFAULT_MILLISECONDS = 3000;
/** Rounds in which the candidates take turns. */
const ROUNDS = 5;
/** A measurement lasts about as long, so that waiting for the device is little beside it. */
const MEASUREMENT_MILLISECONDS = 4;
const MOST_TIMES = 256;
/** A candidate must be faster than the default by this factor; less is noise. */
const WORTH_CHANGING = 0.97;

/** Dispatches that do one job, one after the other: mostly one. */
type Candidate = readonly PlannedDispatch[];

/** What tells a candidate from the others in a store: its tiles for people, and a hash of all its constants (FNV-1a). */
function signature(candidate: Candidate): string {
  const signatures = candidate.map(({ spec }) => {
    let hash = 0x811c9dc5;
    for (const character of JSON.stringify(spec.constants)) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
    return `${spec.variant ?? spec.name} ${hash.toString(16)}`;
  });
  return signatures.join(", ");
}

/** What the plan has, its other tiles where it is one kernel, and the alternatives with theirs. */
function candidatesOf(chosen: Candidate): Candidate[] {
  const tiles = (candidate: Candidate): Candidate[] => {
    const [only] = candidate as [PlannedDispatch, ...PlannedDispatch[]];
    return [candidate, ...(candidate.length === 1 ? otherTiles(only.spec) : []).map((spec) => [{ ...only, spec }])];
  };
  return [...tiles(chosen), ...(chosen[0]?.alternatives?.lists ?? []).flatMap(tiles)];
}

/** Chooses among the tiles of kernels, and between Winograd's convolutions and direct ones, by timing them on the device. */
export class Autotuner {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #adapter: string;
  readonly #store: TuningStore;
  readonly #milliseconds: number;
  readonly #openStopwatch: (device: GPUDevice) => Promise<Stopwatch>;
  /** What this page has settled already, whether the store keeps it or not. */
  readonly #known = new Map<string, string>();
  /** The end of the queue of plans. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    device: GPUDevice,
    pipelines: PipelineCache,
    adapter: string,
    options: AutotuneOptions,
    stopwatch: (device: GPUDevice) => Promise<Stopwatch> = openStopwatch,
  ) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#openStopwatch = stopwatch;
    this.#adapter = adapter;
    this.#store = options.store ?? ("indexedDB" in globalThis ? indexedDbTuningStore() : memoryTuningStore());
    this.#milliseconds = options.milliseconds ?? DEFAULT_MILLISECONDS;
  }

  /**
   * The plan with the fastest tiles that are known or found in time. Every choice computes the same up to rounding, which is
   * somewhat larger with Winograd's convolutions (`emitWinograd` says how much). Throws
   * `DeviceLostError` only; a candidate that does not compile or fit is left out. One plan at a time: two would disturb
   * each other's times, and the device has one stack of error scopes.
   */
  tune(plan: Plan): Promise<Plan> {
    const turn = this.#turn.then(() => this.#tune(plan));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #tune(plan: Plan): Promise<Plan> {
    const end = performance.now() + this.#milliseconds;
    const dispatches: PlannedDispatch[] = [];
    let next = 0;
    while (next < plan.dispatches.length) {
      const span = plan.dispatches[next]?.alternatives?.span ?? 1;
      const chosen = plan.dispatches.slice(next, next + span);
      const candidates = candidatesOf(chosen);
      dispatches.push(...(candidates.length === 1 ? chosen : await this.#best(candidates, end)));
      next += span;
    }
    return { ...plan, dispatches };
  }

  async #best(candidates: readonly Candidate[], end: number): Promise<Candidate> {
    const [chosen] = candidates as [Candidate, ...Candidate[]];
    const kernels = chosen.flatMap(({ spec }) => [spec.name, JSON.stringify(spec.constants)]);
    const key = [VERSION, this.#adapter, ...kernels].join("\n");
    const known = this.#known.get(key) ?? (await this.#store.get(key).catch(() => undefined));
    // What the store holds may be of another time, or not ours at all.
    const remembered = known === undefined ? undefined : candidates.find((candidate) => signature(candidate) === known);
    if (remembered) {
      this.#known.set(key, signature(remembered));
      return remembered;
    }
    if (performance.now() >= end) return chosen;
    const best = await this.#measure(candidates, end);
    this.#known.set(key, signature(best));
    await this.#store.set(key, signature(best)).catch(() => undefined);
    return best;
  }

  /** The fastest candidate; the first one where none is clearly faster. */
  async #measure(candidates: readonly Candidate[], end: number): Promise<Candidate> {
    const [chosen] = candidates as [Candidate, ...Candidate[]];
    const buffers = new Map<number, GPUBuffer>();
    const watch = await this.#openStopwatch(this.#device);
    this.#device.pushErrorScope("out-of-memory");
    this.#device.pushErrorScope("validation");
    const runners: { candidate: Candidate; run(times: number): Promise<number>; times: number; found: number[] }[] = [];
    try {
      for (const candidate of candidates) {
        if (candidate !== chosen && performance.now() >= end) break;
        const pipelines = await this.#compile(candidate);
        if (pipelines === undefined) continue;
        this.#allocate(candidate, buffers);
        const run = this.#runner(candidate, pipelines, buffers, watch);
        await run(1);
        const once = await run(1);
        const wanted = Math.max(MEASUREMENT_MILLISECONDS, watch.leastMilliseconds);
        const times = Math.max(1, Math.min(MOST_TIMES, Math.round(wanted / Math.max(once, 1e-3))));
        runners.push({ candidate, run, times, found: [] });
      }
      for (let round = 0; round < ROUNDS && (round === 0 || performance.now() < end); round++) {
        for (const { run, times, found } of runners) found.push((await run(times)) / times);
      }
    } finally {
      const invalid = await this.#device.popErrorScope();
      const memory = await this.#device.popErrorScope();
      for (const buffer of buffers.values()) buffer.destroy();
      watch.dispose();
      // Nothing that was measured beside an error means anything.
      if (invalid || memory) runners.length = 0;
    }
    const first = runners.find(({ candidate }) => candidate === chosen);
    if (first === undefined) return chosen;
    const fastest = runners.reduce(
      (best, runner) => (median(runner.found) < median(best.found) ? runner : best),
      first,
    );
    return median(fastest.found) < WORTH_CHANGING * median(first.found) ? fastest.candidate : chosen;
  }

  /** A buffer for each value that a candidate touches, by its id; with numbers unless a kernel writes it first. */
  #allocate(candidate: Candidate, buffers: Map<number, GPUBuffer>): void {
    for (const { spec, values } of candidate) {
      const accesses = Object.values(spec.bindings);
      for (const [binding, value] of values.entries()) {
        if (buffers.has(value.id)) continue;
        const bytes = byteSize(value.size, value.dtype);
        const isRead = accesses[binding] !== "write";
        const buffer = isRead
          ? this.#filled(bytes, value.dtype, buffers.size)
          : this.#device.createBuffer({ label: "tuning", size: bytes, usage: GPUBufferUsage.STORAGE });
        buffers.set(value.id, buffer);
      }
    }
  }

  /** The pipelines of a candidate, unless the device refuses one. */
  async #compile(candidate: Candidate): Promise<readonly GPUComputePipeline[] | undefined> {
    this.#device.pushErrorScope("validation");
    const compiled = await this.#pipelines.compile(candidate.map(({ spec }) => spec)).catch(() => undefined);
    const refused = await this.#device.popErrorScope();
    return refused ? undefined : compiled;
  }

  /** Times a candidate: milliseconds of `times` runs. */
  #runner(
    candidate: Candidate,
    pipelines: readonly GPUComputePipeline[],
    buffers: ReadonlyMap<number, GPUBuffer>,
    watch: Stopwatch,
  ): (times: number) => Promise<number> {
    const dispatches = candidate.map(({ spec, values }, index) =>
      bindKernel(
        this.#device,
        spec,
        at(pipelines, index),
        values.map(({ id }) => ({ buffer: buffers.get(id) as GPUBuffer })),
      ),
    );
    return (times) => watch.time((pass) => encodeDispatches(pass, dispatches, times));
  }

  /** A buffer of numbers like those that a network holds: floats around zero; words of four small bytes otherwise. */
  #filled(bytes: number, dtype: string, seed: number): GPUBuffer {
    const buffer = this.#device.createBuffer({
      label: "tuning",
      size: bytes,
      usage: GPUBufferUsage.STORAGE,
      mappedAtCreation: true,
    });
    const range = buffer.getMappedRange();
    let state = 0x9e3779b9 ^ seed;
    const next = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state;
    };
    if (dtype === "f32") {
      const data = new Float32Array(range);
      for (let index = 0; index < data.length; index++) data[index] = next() / 2 ** 31 - 1;
    } else {
      const data = new Uint32Array(range);
      for (let index = 0; index < data.length; index++) data[index] = next() & 0x03030303;
    }
    buffer.unmap();
    return buffer;
  }
}
