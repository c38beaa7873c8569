import type { Shape } from "../core/shape.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { trainerDisposed } from "./disposed.ts";
import type { DatasetProgram } from "./residency.ts";
import type { StepParts } from "./training_state.ts";
import { compileTraining, type FetchingOptions } from "./training_step.ts";

/** A program that is fed, and the names of the inputs that it takes: a loss of one's own need not look at its targets. */
export interface FedProgram<Compiled = Program> {
  readonly program: Compiled;
  readonly inputs: ReadonlySet<string>;
}

/** A data set, and how a run fetches its images. */
export interface CompiledTraining extends FetchingOptions, DatasetProgram {
  readonly dataset: Dataset;
}

/** What a trainer has compiled for its steps: one program for a data set, one for batches that are fed. */
export class CompiledPrograms {
  readonly #backend: Backend;
  #training: (CompiledTraining & { readonly key: string }) | undefined;
  #fed: (FedProgram & { readonly key: string }) | undefined;
  /** Settles when no training program is being compiled. */
  #compiling: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Of the data set that was trained on last, or prepared. */
  get training(): CompiledTraining | undefined {
    return this.#training;
  }

  get fed(): Program | undefined {
    return this.#fed?.program;
  }

  /**
   * The step on a data set, after what is being compiled already. `exchange` does what it is given at a time when nobody
   * uses the program before; `other` is called where that was of another data set.
   */
  trainingOn(
    parts: StepParts,
    dataset: Dataset,
    options: FetchingOptions,
    { exchange, other }: { exchange: (replace: () => Promise<void>) => Promise<void>; other: () => void },
  ): Promise<DatasetProgram> {
    const compile = async () => {
      const known = this.#training;
      const key = JSON.stringify([options.shuffle, options.augment, options.classWeight]);
      if (known?.dataset === dataset && known.key === key) return known;
      const compiled = await this.once(parts, dataset, options);
      const replace = async () => {
        this.#training?.program.dispose();
        if (known && known.dataset !== dataset) other();
        this.#training = { ...options, ...compiled, dataset, key };
      };
      try {
        await exchange(replace);
      } catch (error) {
        compiled.program.dispose();
        throw error;
      }
      return compiled;
    };
    const program = this.#compiling.then(compile, compile);
    this.#compiling = program;
    return program;
  }

  /** The step on a data set, for the caller to dispose of. */
  async once(parts: StepParts, dataset: Dataset, options: FetchingOptions): Promise<DatasetProgram> {
    const compiled = await compileTraining(this.#backend, parts, dataset, options);
    this.#checkWanted(compiled.program);
    return compiled;
  }

  /** The step on batches that are fed, with targets of these shapes; `compile` makes it where it is not there. */
  async feeding(
    targetShapes: readonly (Shape | undefined)[],
    compile: (backend: Backend) => FedProgram<Promise<Program>>,
  ): Promise<FedProgram> {
    const key = JSON.stringify(targetShapes.map((shape) => shape ?? "labels"));
    if (this.#fed?.key === key) return this.#fed;
    const { program: compiling, inputs } = compile(this.#backend);
    const program = await compiling;
    this.#checkWanted(program);
    this.#fed?.program.dispose();
    this.#fed = { key, program, inputs };
    return this.#fed;
  }

  /** Frees the program of a data set; whether there was one. */
  async forget(dataset: Dataset): Promise<boolean> {
    await this.#compiling.catch(() => undefined);
    if (this.#training?.dataset !== dataset) return false;
    this.#training.program.dispose();
    this.#training = undefined;
    return true;
  }

  /** Frees everything, which is then compiled anew. */
  clear(): void {
    this.#training?.program.dispose();
    this.#training = undefined;
    this.#fed?.program.dispose();
    this.#fed = undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.clear();
  }

  async settled(): Promise<void> {
    await Promise.all([this.#training?.program.settled(), this.#fed?.program.settled()]);
  }

  /** Throws where there is no use any more for a program that is ready now, of which nothing stays on the device then. */
  #checkWanted(program: Program): void {
    if (!this.#disposed) return;
    program.dispose();
    throw trainerDisposed();
  }
}
