/** Data sets that do not lie on the device: a ring of a few batches does, which is filled ahead of the steps that take them. */

import { raceAbort } from "../core/abort.ts";
import { at } from "../core/at.ts";
import { OutOfMemoryError } from "../core/errors.ts";
import { rowsOfBatch } from "../core/rows_of_batch.ts";
import { sizeOf } from "../core/shape.ts";
import { bytesPerElement, type Tensor, type TypedArray } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import type { Backend, Program, ProgramStats } from "../graph/backend.ts";
import { Variable } from "../graph/node.ts";
import type { ProfileData } from "../graph/profile.ts";
import type { DatasetTables } from "./dataset_variables.ts";
import { trainerDisposed } from "./disposed.ts";
import { type BatchReader, Feeder, type HostBatch } from "./feeder.ts";
import { type BatchOrder, type DatasetProgram, LEAST_SLOTS } from "./residency.ts";
import type { Supplies } from "./runner.ts";
import type { Turn } from "./turns.ts";

/** Bytes of a ring, and of what is read ahead of it, as far as `LEAST_SLOTS` batches let them. */
const RING_BYTES = 32 * 2 ** 20;
/** Twice the steps of the largest submission. */
const MOST_SLOTS = 128;

/** As `compileOn`; on a device that does not take the ring, on the smallest one. */
export async function compileStreamed(
  backend: Backend,
  dataset: Dataset,
  order: BatchOrder,
  compile: (tables: DatasetTables) => Promise<Program>,
  cursor: Variable | undefined,
): Promise<DatasetProgram> {
  const make = async (slots: number) => {
    const tables = ringOf(dataset, order.batch, slots);
    const program = await compile(tables);
    const stream = new Stream({ backend, program, tables, dataset, order, slots, cursor });
    return { program: stream, tables, stream };
  };
  const slots = slotsFor(dataset, order.batch);
  try {
    return await make(slots);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || slots === LEAST_SLOTS) throw error;
    return make(LEAST_SLOTS);
  }
}

/** At most half of the data set, of which all may be more than the device takes. */
function slotsFor(dataset: Dataset, batch: number): number {
  const { bytes } = ringOf(dataset, batch, 1);
  const half = Math.ceil(dataset.count / batch / 2);
  const most = Math.min(MOST_SLOTS, half, Math.floor(RING_BYTES / bytes));
  return Math.max(LEAST_SLOTS, most);
}

/** Tables of `slots` batches, in the place of those of a whole data set. */
function ringOf(dataset: Dataset, batch: number, slots: number): DatasetTables {
  const rows = slots * batch;
  const { inputs, outputs } = columnsOf(dataset);
  const numbered = (index: number) => (index === 0 ? "" : ` ${index}`);
  const images = inputs.map(({ images, shape }, index) => {
    const asBytes = images instanceof Uint8Array;
    // Bytes are written by fours; a batch of another number of them lies there as floats of the same values.
    const stored = asBytes && (batch * sizeOf(shape)) % 4 === 0 ? "u8" : "f32";
    const name = `batches/images${numbered(index)}`;
    const variable = new Variable({ name, shape: [rows, ...shape], dtype: stored });
    return { images: variable, scale: asBytes ? 1 / 255 : 1 };
  });
  const targets = outputs.map(({ targets }, index) =>
    targets
      ? new Variable({ name: `batches/targets${numbered(index)}`, shape: [rows, ...targets.shape] })
      : new Variable({ name: `batches/labels${numbered(index)}`, shape: [rows], dtype: "i32" }),
  );
  const weights = dataset.sampleWeights && new Variable({ name: "batches/sampleWeights", shape: [rows] });
  const variables = [...images.map((input) => input.images), ...targets, ...(weights ? [weights] : [])];
  return {
    ...{ inputs: images, targets, weights },
    bytes: variables.reduce((sum, { size, dtype }) => sum + size * bytesPerElement(dtype), 0),
    ring: { rows, numbers: new Variable({ name: "batches/numbers", shape: [rows], dtype: "i32" }) },
  };
}

/** Room for one batch, as the tables hold it. */
function hostBatch({ inputs, targets, weights }: DatasetTables, batch: number, slots: number): HostBatch {
  const size = (variable: Variable) => variable.size / slots;
  return {
    inputs: inputs.map(({ images }) =>
      images.dtype === "u8" ? new Uint8Array(size(images)) : new Float32Array(size(images)),
    ),
    targets: targets.map((variable) =>
      variable.dtype === "i32" ? new Int32Array(size(variable)) : new Float32Array(size(variable)),
    ),
    weights: weights && new Float32Array(batch),
    numbers: new Int32Array(batch),
  };
}

/** Fills in batches of a data set: from memory, or by its `read`. */
function readerOf(dataset: Dataset, order: BatchOrder): BatchReader {
  const { inputs, outputs } = columnsOf(dataset);
  const { count, read, sampleWeights } = dataset;
  return (into, index, signal) => {
    const numbers = rowsOfBatch(index, { count, ...order });
    const rows = Array.from(numbers).filter((row) => row >= 0);
    into.numbers.set(numbers);
    copyRows(into.weights, sampleWeights, { rows, size: 1, missing: 0 });
    outputs.forEach(({ labels, targets }, place) => {
      const size = targets ? sizeOf(targets.shape) : 1;
      copyRows(at(into.targets, place), targets?.data ?? labels, { rows, size, missing: targets ? 0 : -1 });
    });
    if (read === undefined) {
      inputs.forEach(({ images, shape }, place) => {
        copyRows(at(into.inputs, place), images, { rows, size: sizeOf(shape), missing: 0 });
      });
      return undefined;
    }
    const stored = at(into.inputs, 0);
    const end = rows.length * sizeOf(dataset.shape);
    const isAsGiven = dataset.images instanceof Uint8Array === stored instanceof Uint8Array;
    const images = isAsGiven ? stored.subarray(0, end) : new Uint8Array(end);
    const { targets } = dataset;
    const given = targets && (at(into.targets, 0) as Float32Array).subarray(0, rows.length * sizeOf(targets.shape));
    const done = () => {
      if (!isAsGiven) stored.set(images);
      stored.fill(0, end);
    };
    const reading = read(rows, images, { signal, ...(given ? { targets: given } : {}) });
    return reading ? reading.then(done) : done();
  };
}

/** Copies rows of a table that is in memory; behind them come values of rows that fill up. */
function copyRows(
  into: TypedArray | undefined,
  table: TypedArray | undefined,
  { rows, size, missing }: { rows: readonly number[]; size: number; missing: number },
): void {
  if (into === undefined || table === undefined) return;
  if (table.length > 0) {
    rows.forEach((row, place) => {
      into.set(table.subarray(row * size, (row + 1) * size), place * size);
    });
  }
  into.fill(missing, rows.length * size);
}

interface StreamParts {
  readonly backend: Backend;
  readonly program: Program;
  readonly tables: DatasetTables;
  readonly dataset: Dataset;
  readonly order: BatchOrder;
  readonly slots: number;
  readonly cursor: Variable | undefined;
}

/** What the next submission would take. */
export interface Demand {
  /** Number of the batch of its first step, counted through all epochs. */
  readonly first: number;
  /** Steps that it takes at most. */
  readonly most: number;
  /** Steps until its run ends: what is behind them is not read ahead. */
  readonly left: number;
  readonly signal?: AbortSignal | undefined;
  /** Of a run that gives way while it waits. */
  readonly turn?: Turn;
}

/** How often a run that waits for data looks whether it is to give way. */
const LOOK_MILLISECONDS = 20;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A program, and what fills a ring of batches on the device for it. Batch number b lies in slot b mod `slots`, where the
 * program looks for it. A slot is written anew when the step that read it has been submitted: writes keep their order among the
 * submissions. Where a step may not count (`cursor` then stays), it must be known to have: the device does such a step once
 * more, on the same batch.
 */
export class Stream implements Program {
  readonly #parts: StreamParts;
  readonly #feeder: Feeder;
  /** The batch in each slot. */
  readonly #held: number[];
  /** Batches before this one may be written over. */
  #free = 0;
  /** The batch behind the last one that a step was submitted for. */
  #end = 0;
  /** Whether a step did not count. */
  #stuck = false;
  readonly #waiting = new Set<Waiting>();
  /** Of the run that was supplied last. */
  #turn: Turn | undefined;
  #underWay = 0;
  #idleSince = 0;
  #waited = 0;
  #disposed = false;
  readonly #forgetBackend: () => void;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    const { backend, dataset, order, tables, slots } = parts;
    this.#held = new Array<number>(slots).fill(-1);
    const most = Math.max(LEAST_SLOTS, Math.min(MOST_SLOTS, Math.floor((RING_BYTES * slots) / tables.bytes)));
    this.#feeder = new Feeder({
      read: readerOf(dataset, order),
      make: () => hostBatch(tables, order.batch, slots),
      most,
      changed: () => {
        this.#wake();
      },
      rests: () => this.#turn?.wanted ?? false,
    });
    this.#forgetBackend = backend.onClosed((error) => this.#lose(error));
  }

  /** Seconds for which steps of training, and a device that had nothing else to do, waited for data. */
  get waitedSeconds(): number {
    return this.#waited / 1000;
  }

  /**
   * Writes the next batches to the device; how many steps may now be submitted, at least one, through `enqueue`. 0 where the
   * run is to give way, or has come to a step that does not count. Throws what `read` throws for the first of them.
   */
  async supply(demand: Demand): Promise<number> {
    const { first, most, signal } = demand;
    if (first !== this.#end || this.#parts.cursor === undefined) this.#free = first;
    if (first !== this.#end) this.#stuck = false;
    this.#end = first;
    this.#turn = demand.turn;
    const { slots } = this.#parts;
    const room = Math.min(most, this.#free + slots - first, Math.max(1, slots >> 1));
    const started = performance.now();
    try {
      // Else whoever waits, to prepare it, has been overtaken by a run.
      while (first === this.#end && !this.#stuck) {
        signal?.throwIfAborted();
        const ready = this.#write(first, room, first + demand.left);
        if (ready > 0) return ready;
        if (demand.turn?.wanted) return 0;
        await this.#wait(demand);
      }
      this.#stuck = false;
      return 0;
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      if (demand.turn && this.#underWay === 0) this.#waited += performance.now() - Math.max(started, this.#idleSince);
    }
  }

  /** The supplies of a run of training. */
  suppliesOf(
    progress: { readonly cursor: number },
    { signal, turn }: { signal: AbortSignal | undefined; turn: Turn },
  ): Supplies {
    return {
      supply: (most, left) => this.supply({ first: progress.cursor, most, left, signal, turn }),
      stop: () => this.stop(),
    };
  }

  /** Of steps for which there is data. */
  async enqueue({ steps = 1, read = [] }: { steps?: number; read?: readonly Variable[] } = {}): Promise<Tensor[]> {
    const { program, cursor } = this.#parts;
    this.#end += steps;
    const end = this.#end;
    this.#underWay++;
    try {
      const tensors = await program.enqueue({ steps, read: cursor ? [...read, cursor] : read });
      if (cursor && tensors.pop()?.data[0] === end) this.#free = Math.max(this.#free, end);
      else this.#stuck = cursor !== undefined;
      return tensors;
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#idleSince = performance.now();
    }
  }

  /** Which images batch number `cursor` holds, −1 in rows that fill up. */
  rowsOf(cursor: number): Int32Array {
    const { dataset, order } = this.#parts;
    return rowsOfBatch(cursor, { count: dataset.count, ...order });
  }

  /** Aborts what is being read, and lets go of what was read ahead. */
  stop(): void {
    this.#feeder.stop();
    this.#wake();
  }

  dispose(): void {
    this.#disposed = true;
    this.#forgetBackend();
    this.#parts.program.dispose();
    this.#lose(trainerDisposed());
  }

  get stats(): ProgramStats {
    return this.#parts.program.stats;
  }

  run(...args: Parameters<Program["run"]>): ReturnType<Program["run"]> {
    return this.#parts.program.run(...args);
  }

  read(variable: Variable): Promise<Tensor> {
    return this.#parts.program.read(variable);
  }

  write(...args: Parameters<Program["write"]>): void {
    this.#parts.program.write(...args);
  }

  profile(options?: { steps?: number }): Promise<ProfileData> {
    return this.#parts.program.profile(options);
  }

  settled(): Promise<void> {
    return this.#parts.program.settled();
  }

  toString(): string {
    return this.#parts.program.toString();
  }

  /** Writes batches from `first` on that are there, up to `room`; how many lie on the device. */
  #write(first: number, room: number, end: number): number {
    const { slots } = this.#parts;
    const isHeld = (batch: number) => this.#held[batch % slots] === batch;
    let missing = first;
    while (missing < first + room && isHeld(missing)) missing++;
    if (missing < end) this.#feeder.want(missing, first + room - missing, end);
    let batch = first;
    for (; batch < first + room; batch++) {
      if (isHeld(batch)) continue;
      // A batch that could not be read is told of when its turn comes.
      if (batch > first && this.#feeder.hasFailed(batch)) break;
      const read = this.#feeder.take(batch);
      if (read === undefined) break;
      this.#upload(read, batch % slots);
      this.#held[batch % slots] = batch;
      this.#feeder.give(read);
    }
    return batch - first;
  }

  #upload(batch: HostBatch, slot: number): void {
    const { program, tables } = this.#parts;
    const write = (variable: Variable | undefined, values: TypedArray | undefined) => {
      if (variable && values) program.write(variable, values, slot * values.length);
    };
    tables.inputs.forEach(({ images }, index) => {
      write(images, batch.inputs[index]);
    });
    tables.targets.forEach((targets, index) => {
      write(targets, batch.targets[index]);
    });
    write(tables.weights, batch.weights);
    write(tables.ring?.numbers, batch.numbers);
  }

  /** Until something has been read, or the run is wanted. */
  async #wait({ signal, turn }: Demand): Promise<void> {
    if (this.#disposed) throw trainerDisposed();
    let waiting: Waiting | undefined;
    const woken = new Promise<void>((resolve, reject) => {
      waiting = { resolve, reject };
      this.#waiting.add(waiting);
    });
    const looking = turn && setInterval(() => turn.wanted && waiting?.resolve(), LOOK_MILLISECONDS);
    try {
      await raceAbort(woken, signal);
    } finally {
      clearInterval(looking);
      if (waiting) this.#waiting.delete(waiting);
    }
  }

  #wake(): void {
    for (const { resolve } of this.#waiting) resolve();
  }

  /** What lay on the device is gone. */
  #lose(error: unknown): void {
    this.#held.fill(-1);
    // Whoever goes on begins anew.
    this.#end = -1;
    this.#feeder.stop();
    for (const { reject } of this.#waiting) reject(error);
  }
}
