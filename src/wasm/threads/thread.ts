/** A call as a thread gets it: arguments by place, and which of them are the thread's own or change from run to run. */
export interface SentCall {
  /** Number of the kernel. */
  readonly kernel: number;
  readonly values: readonly number[];
  /** Places of addresses that are `step` bytes further for each thread. */
  readonly own: readonly (readonly [place: number, step: number])[];
  /** Places of arguments that are among the live values, and which. */
  readonly live: readonly (readonly [place: number, index: number])[];
}

/** Slices of calls. */
export type SentJob = readonly (readonly SentCall[])[];

export type ToThread =
  | {
      readonly start: {
        readonly control: SharedArrayBuffer;
        readonly memory: WebAssembly.Memory;
        readonly thread: number;
      };
    }
  | { readonly kernels: readonly (readonly [id: number, module: WebAssembly.Module])[] }
  | { readonly jobs: readonly (readonly [id: number, job: SentJob])[] }
  | { readonly drop: readonly number[] };

/** A thread that can do no more. */
export interface FromThread {
  readonly failed: string;
}

/** Words of the memory by which threads agree; those that several write are cache lines apart. */
export const WORD = {
  /** The slices that nobody has taken, in the low half; the high half tells jobs apart. */
  claim: 0,
  /** Slices that are done. */
  done: 16,
  /** The job's number, and its slices. */
  job: 32,
  slices: 33,
  /** Messages sent to each thread. */
  mail: 34,
  /** Threads that wait for a job, and whether the first thread waits for the end of one. */
  sleeping: 48,
  mainWaits: 49,
  /** Slices that threads could not do: how many, and then which. */
  failures: 64,
  failed: 65,
} as const;

/** Threads beside the first have room for one failure each. */
export const MOST_THREADS = 32;
/** Bytes to the values that arguments take anew at each run. */
export const LIVE_AT = 512;
export const MOST_LIVE = 32;
export const CONTROL_BYTES = LIVE_AT + MOST_LIVE * 8;

/** Looks at a word before a thread goes to sleep: about 20 µs, less than it takes to be woken. */
export const SPINS = 4000;

type Words = typeof WORD;

/** What a thread has. */
interface AtWork {
  readonly control: Int32Array;
  /** Messages that it has read. */
  readonly received: number;
  readonly runSlice: (slice: number) => void;
  readonly fail: (error: unknown) => void;
}
type TakeSlices = (words: Words, spins: number, thread: AtWork) => void;

/** Takes slices of jobs until there is a message to read, or one fails. Sent as text, as `runThread` is. */
export const takeSlices: TakeSlices = (words, spins, { control, received, runSlice, fail }) => {
  let looks = 0;
  for (;;) {
    const claim = Atomics.load(control, words.claim);
    if (Atomics.load(control, words.mail) !== received) return;
    if ((claim & 0xffff) === 0) {
      if (looks++ < spins) continue;
      Atomics.add(control, words.sleeping, 1);
      Atomics.wait(control, words.claim, claim);
      Atomics.sub(control, words.sleeping, 1);
      looks = 0;
      continue;
    }
    looks = 0;
    if (Atomics.compareExchange(control, words.claim, claim, claim - 1) !== claim) continue;
    const slice = (claim & 0xffff) - 1;
    let works = true;
    try {
      runSlice(slice);
    } catch (error) {
      // The first thread does that slice, and all that follow.
      works = false;
      Atomics.store(control, words.failed + Atomics.add(control, words.failures, 1), slice);
      fail(error);
    }
    const isLast = Atomics.add(control, words.done, 1) + 1 === Atomics.load(control, words.slices);
    if (isLast && Atomics.load(control, words.mainWaits) !== 0) Atomics.notify(control, words.done);
    if (!works) return;
  }
};

/**
 * What a thread beside the first does. Its text alone is sent there (pool.ts), so that no bundler must be told of a script: it may use
 * what it is given, and nothing else of this file.
 */
export function runThread(
  words: Words,
  { liveAt, spins }: { readonly liveAt: number; readonly spins: number },
  takeSlices: TakeSlices,
  listen: (hear: (message: ToThread) => void) => void,
  tell: (message: FromThread) => void,
): void {
  type Ready = {
    readonly run: (...values: number[]) => void;
    readonly values: number[];
    readonly live: SentCall["live"];
  };
  const kernels = new Map<number, (...values: number[]) => void>();
  const jobs = new Map<number, readonly (readonly Ready[])[]>();
  let control: Int32Array = new Int32Array(0);
  let live: Float64Array = new Float64Array(0);
  let memory: WebAssembly.Memory | undefined;
  let thread = 0;
  let received = 0;
  let failed = false;
  const fail = (error: unknown): void => {
    failed = true;
    tell({ failed: error instanceof Error ? error.message : `${error}` });
  };

  const ready = ({ kernel, values, own, live: changing }: SentCall): Ready => {
    const placed = [...values];
    for (const [place, step] of own) placed[place] = (placed[place] as number) + thread * step;
    // A kernel that is missing fails when it is called: a text of an error made here would be another module's (scripts/error-numbers.mjs).
    return { run: kernels.get(kernel) as Ready["run"], values: placed, live: changing };
  };

  const take = (message: ToThread): void => {
    if ("start" in message) {
      control = new Int32Array(message.start.control, 0, liveAt / 4);
      live = new Float64Array(message.start.control, liveAt);
      ({ memory, thread } = message.start);
    } else if ("kernels" in message) {
      for (const [id, module] of message.kernels) {
        const instance = new WebAssembly.Instance(module, { m: { m: memory as WebAssembly.Memory } });
        kernels.set(id, instance.exports["f"] as (...values: number[]) => void);
      }
    } else if ("jobs" in message) {
      for (const [id, job] of message.jobs) {
        jobs.set(
          id,
          job.map((slice) => slice.map(ready)),
        );
      }
    } else for (const id of message.drop) jobs.delete(id);
  };

  const runSlice = (slice: number): void => {
    const calls = jobs.get(Atomics.load(control, words.job))?.[slice] as readonly Ready[];
    for (const { run, values, live: changing } of calls) {
      for (const [place, index] of changing) values[place] = live[index] as number;
      run(...values);
    }
  };

  listen((message) => {
    if (failed) return;
    received++;
    try {
      take(message);
      takeSlices(words, spins, { control, received, runSlice, fail });
    } catch (error) {
      fail(error);
    }
  });
}
