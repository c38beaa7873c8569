import type { Kernels } from "./kernels.ts";
import { type Call, Own, type Slice } from "./slices.ts";
import type { Pool } from "./threads/pool.ts";
import type { SentCall, SentJob } from "./threads/thread.ts";

/** A call as the first thread does it. */
export interface BoundCall {
  readonly run: (...values: number[]) => void;
  readonly values: number[];
  readonly live: SentCall["live"];
}

/** A list of slices, ready to be run. */
export interface Job {
  readonly id: number;
  readonly slices: readonly (readonly BoundCall[])[];
  /** What arguments take anew at each run. */
  readonly live: readonly (() => number)[];
}

export function runCalls(calls: readonly BoundCall[], values: ArrayLike<number>): void {
  for (const call of calls) {
    for (const [place, index] of call.live) call.values[place] = values[index] as number;
    call.run(...call.values);
  }
}

/** Arguments of one job that may take so many values anew at each run (`MOST_LIVE` in threads/thread.ts). */
const MOST_LIVE = 32;

/** Who runs slices: this thread, or it and others. */
export class Crew {
  readonly threads: number;
  readonly #kernels: Kernels;
  readonly #startPool: (() => Pool | undefined) | undefined;
  #pool: Pool | undefined;
  #nextJob = 1;

  /** `startPool` starts the other threads, once; undefined where that fails. */
  constructor(kernels: Kernels, threads: number, startPool?: () => Pool | undefined) {
    this.#kernels = kernels;
    this.threads = threads;
    this.#startPool = startPool;
  }

  /** The jobs of a program. */
  program(): ProgramCrew {
    return new ProgramCrew(this.#kernels, this.threads > 1, () => this.#nextJob++, {
      send: (jobs) => {
        this.#pool ??= this.#startPool?.();
        this.#pool?.send({ kernels: this.#kernels.unsent() });
        this.#pool?.send({ jobs });
      },
      run: (job) => (this.#pool ? this.#pool.run(job) : runHere(job)),
      drop: (ids) => this.#pool?.send({ drop: ids }),
    });
  }

  end(): void {
    this.#pool?.end();
    this.#pool = undefined;
  }
}

interface Others {
  send(jobs: readonly (readonly [id: number, job: SentJob])[]): void;
  run(job: Job): void;
  drop(ids: readonly number[]): void;
}

export class ProgramCrew {
  readonly #kernels: Kernels;
  readonly #hasOthers: boolean;
  readonly #nextId: () => number;
  readonly #others: Others;
  readonly #jobs = new Map<number, SentJob>();

  constructor(kernels: Kernels, hasOthers: boolean, nextId: () => number, others: Others) {
    this.#kernels = kernels;
    this.#hasOthers = hasOthers;
    this.#nextId = nextId;
    this.#others = others;
  }

  /** What runs all slices, and is done when they are. */
  inSlices(slices: readonly Slice[]): () => void {
    const live: (() => number)[] = [];
    const sent = slices.map((slice) => slice.map((call) => this.#sent(call, live)));
    if (live.length > MOST_LIVE) throw new RangeError(`A job has ${live.length} arguments that change.`);
    const bound = sent.map((calls) =>
      calls.map(
        ({ values, live: changing }, index): BoundCall => ({
          run: this.#kernels.run(calls[index]),
          values: [...values],
          live: changing,
        }),
      ),
    );
    const job: Job = { id: this.#nextId(), slices: bound, live };
    if (!this.#hasOthers || slices.length < 2) return () => runHere(job);
    this.#jobs.set(job.id, sent);
    return () => this.#others.run(job);
  }

  #sent({ kernel, parameters }: Call, live: (() => number)[]): SentCall {
    const own: [number, number][] = [];
    const changing: [number, number][] = [];
    const values = Object.keys(kernel.parameters).map((name, place) => {
      const value = parameters[name] ?? 0;
      if (typeof value === "number") return value;
      if (value instanceof Own) {
        own.push([place, value.step]);
        return value.address;
      }
      if (!live.includes(value)) live.push(value);
      changing.push([place, live.indexOf(value)]);
      return 0;
    });
    return { kernel: this.#kernels.numberOf(kernel), values, own, live: changing };
  }

  /** Tells the other threads of all jobs. */
  ready(): void {
    if (this.#jobs.size > 0) this.#others.send([...this.#jobs]);
  }

  free(): void {
    if (this.#jobs.size > 0) this.#others.drop([...this.#jobs.keys()]);
  }
}

function runHere({ slices, live }: Job): void {
  const values = live.map((value) => value());
  for (const calls of slices) runCalls(calls, values);
}
