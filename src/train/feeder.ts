/** A batch of a data set in memory, on its way to the device. */
export interface HostBatch {
  /** One an input: [batch, …shape], as the tables on the device hold it. */
  readonly inputs: readonly (Uint8Array | Float32Array)[];
  /** One an output: i32 [batch] class labels, −1 in rows that fill up; or f32 [batch, …] targets. */
  readonly targets: readonly (Int32Array | Float32Array)[];
  /** f32 [batch] */
  readonly weights: Float32Array | undefined;
  /** i32 [batch]: which images these are, −1 in rows that fill up. */
  readonly numbers: Int32Array;
}

/** Fills in batch number `index`, at once or by the time its promise resolves. */
export type BatchReader = (into: HostBatch, index: number, signal: AbortSignal) => void | PromiseLike<void>;

/** Reads under way at a time: one waits for the disk or the network while another is decoded. */
const MOST_READS = 4;

interface Read {
  readonly batch: HostBatch;
  state: "reading" | "done" | "failed";
  error?: unknown;
}

/** Reads batches in their order, ahead of who takes them. */
export class Feeder {
  readonly #read: BatchReader;
  readonly #make: () => HostBatch;
  /** Batches that are in memory at most. */
  readonly #most: number;
  /** Called when a batch is there, or has failed. */
  readonly #changed: () => void;
  /** Whether nobody takes batches for now: then no more are begun. */
  readonly #rests: () => boolean;
  /** Batches read or being read, by their numbers: one behind the other. */
  readonly #reads = new Map<number, Read>();
  readonly #free: HostBatch[] = [];
  #abort = new AbortController();
  #underWay = 0;
  /** Whether reading is work, not waiting: then more is read when it is needed, since the device gains nothing by it. */
  #atOnce = false;
  /** The batches that may be read now: behind what was taken last. */
  #next = 0;
  #end = 0;

  constructor({
    read,
    make,
    most,
    changed,
    rests,
  }: { read: BatchReader; make: () => HostBatch; most: number; changed: () => void; rests: () => boolean }) {
    this.#read = read;
    this.#make = make;
    this.#most = most;
    this.#changed = changed;
    this.#rests = rests;
  }

  /**
   * Sees to it that batches from number `first` on are read: `wanted` of them as soon as can be, and others behind them, up to
   * number `end`, while these are used.
   */
  want(first: number, wanted: number, end: number): void {
    const inOrder = this.#reads.size === 0 || this.#reads.has(first);
    if (!inOrder) this.stop();
    for (const [index, { batch, state }] of this.#reads) {
      if (index >= first) continue;
      this.#reads.delete(index);
      if (state === "done") this.give(batch);
    }
    this.#next = first;
    this.#end = end;
    this.#begin(wanted);
  }

  /** The next batch, if it has been read; whoever takes it gives it back. Throws what its reading threw. */
  take(index: number): HostBatch | undefined {
    const read = this.#reads.get(index);
    if (read === undefined || read.state === "reading") return undefined;
    if (read.state === "failed") throw read.error;
    this.#reads.delete(index);
    this.#next = index + 1;
    return read.batch;
  }

  /** Whether `take` would throw. */
  hasFailed(index: number): boolean {
    return this.#reads.get(index)?.state === "failed";
  }

  /** Gives a batch back whose values are not needed any more. */
  give(batch: HostBatch): void {
    if (this.#free.length < this.#most) this.#free.push(batch);
  }

  /** Aborts what is under way, and forgets what was read ahead. */
  stop(): void {
    this.#end = 0;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#underWay = 0;
    this.#reads.clear();
    this.#free.length = 0;
  }

  #begin(wanted = 0): void {
    const last = () => Math.min(this.#end, this.#next + (this.#atOnce ? wanted : this.#most));
    for (let index = this.#next; index < last() && this.#underWay < MOST_READS; index++) {
      if (!this.#reads.has(index)) this.#start(index);
    }
  }

  #start(index: number): void {
    const { signal } = this.#abort;
    const read: Read = { batch: this.#free.pop() ?? this.#make(), state: "reading" };
    this.#reads.set(index, read);
    const failed = (error: unknown) => {
      read.state = "failed";
      read.error = error;
    };
    const done = () => {
      read.state = "done";
    };
    let reading: void | PromiseLike<void>;
    try {
      reading = this.#read(read.batch, index, signal);
    } catch (error) {
      failed(error);
      return;
    }
    this.#atOnce = reading === undefined;
    if (reading === undefined) {
      done();
      return;
    }
    this.#underWay++;
    void Promise.resolve(reading)
      .then(done, failed)
      .then(() => {
        if (signal.aborted) return;
        this.#underWay--;
        if (!this.#rests()) this.#begin();
        this.#changed();
      });
  }
}
