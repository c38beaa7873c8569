/**
 * The network that learns the visitor's pictures, in a worker: takes epochs one after the other, reads the held-out pictures
 * after each, keeps the best weights. Its signals are what the page shows of it.
 */
import { signal } from "@preact/signals";
import type { Tensor } from "../../src/core/tensor.ts";
import type { Model } from "../../src/nn/model.ts";
import type { Evaluation, FitOptions, Inspection, InspectOptions, StepEvent, Trainer } from "../../src/train/types.ts";
import { parametersIn } from "../checkpoints.ts";
import { openTrainer } from "../open_trainer.ts";
import { emptyRun, measure, type Run, record } from "../run.ts";
import { type BackendKind, type Force, openBest } from "../setup.ts";
import { Hold } from "../work.ts";
import { dropTraining, type KeptTraining, keepTraining } from "./keep.ts";
import type { PictureSet } from "./picture_set.ts";
import { batchSizeOf, buildPreset, optimizerOf, type PresetName, rateOf, SEED } from "./presets.ts";

export type LearnerPhase = "idle" | "opening" | "training" | "paused" | "failed";

/** What held-out pictures say. */
export interface Score {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Counts [class][answer]. */
  readonly confusion: readonly (readonly number[])[];
  /** Scores of each held-out picture, a class behind the other. */
  readonly outputs: Float32Array;
}

interface Best {
  readonly checkpoint: Uint8Array;
  readonly loss: number;
  readonly step: number;
}

/** A trainer with what it is of. */
interface Opened {
  readonly trainer: Trainer;
  readonly model: Model;
  readonly set: PictureSet;
}

/** A copy of the first convolution's kernels, by name. */
function firstKernelsOf({ layers, parameters }: Model): ReadonlyMap<string, Tensor<Float32Array>> {
  const name = `${layers.find(({ layer }) => layer.config.kind === "conv2d")?.name}/kernel`;
  const kernel = parameters.get(name);
  return new Map(kernel ? [[name, { shape: kernel.shape, data: Float32Array.from(kernel.data) }]] : []);
}

/** How far copies of the pictures differ from them, where they are varied. */
export function augmentFor(size: number): NonNullable<FitOptions["augment"]> {
  const place = { flip: "horizontal", shift: Math.max(1, Math.round(size / 12)), rotate: 12, zoom: 0.15 } as const;
  return { ...place, fill: "reflect", brightness: 0.2, contrast: 0.2 };
}

export class Learner {
  readonly phase = signal<LearnerPhase>("idle");
  readonly error = signal<unknown>(undefined);
  readonly preset = signal<PresetName>("small");
  readonly augment = signal(true);
  readonly epochs = signal(20);
  /** Epochs done, and to be done in all. */
  readonly epoch = signal(0);
  readonly target = signal(0);
  readonly score = signal<Score | undefined>(undefined);
  readonly last = signal<StepEvent | undefined>(undefined);
  readonly backend = signal<BackendKind | undefined>(undefined);
  /** The step whose weights are back, since they were better than the last ones. */
  readonly restored = signal<number | undefined>(undefined);
  /** Whether this browser keeps the training. */
  readonly kept = signal(true);
  run: Run = emptyRun();

  readonly #force: Force;
  readonly #set: () => PictureSet | undefined;
  readonly #isSetKept: () => boolean;
  #opened: Promise<Opened> | undefined;
  #abort = new AbortController();
  #going: Promise<void> | undefined;
  #hold: Hold | undefined;
  #model: Model | undefined;
  #firstKernels: ReadonlyMap<string, Tensor<Float32Array>> | undefined;
  #best: Best | undefined;
  #start = 0;

  /** `set`: the pictures at hand; `isSetKept`: whether they are there after a reload, without which a training is of no use. */
  constructor(force: Force, set: () => PictureSet | undefined, isSetKept: () => boolean = () => true) {
    this.#force = force;
    this.#set = set;
    this.#isSetKept = isSetKept;
  }

  /** Updates made. */
  get steps(): number {
    return this.run.losses.length;
  }

  /** Whether something was learnt that can be asked. */
  get hasLearned(): boolean {
    return this.epoch.value > 0 || this.score.value !== undefined;
  }

  /** Trains as many epochs more as are chosen, or goes on to where a pause or a reload interrupted. */
  train(): void {
    const set = this.#set();
    if (set === undefined || this.phase.value === "opening" || this.phase.value === "training") return;
    this.error.value = undefined;
    if (this.#hold) {
      this.phase.value = "training";
      void this.#letGo();
      return;
    }
    if (this.epoch.value >= this.target.value) {
      this.#start = this.epoch.value;
      this.target.value = this.epoch.value + this.epochs.value;
    }
    this.restored.value = undefined;
    this.#abort = new AbortController();
    this.#going = this.#go(this.#abort.signal);
  }

  pause(): void {
    if (this.phase.value !== "training") return;
    this.phase.value = "paused";
    this.#hold = new Hold();
    void this.#opened?.then(({ trainer }) => trainer.pause()).catch(() => undefined);
  }

  /** Ends what is under way and begins anew with the first weights. */
  async reset(): Promise<void> {
    await this.stop();
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.then(({ trainer }) => trainer.dispose()).catch(() => undefined);
    this.run = emptyRun();
    this.#best = undefined;
    this.#start = 0;
    this.epoch.value = this.target.value = 0;
    this.score.value = this.last.value = this.restored.value = this.error.value = undefined;
    this.phase.value = "idle";
    await dropTraining();
  }

  /** Ends what is under way, between two steps. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#letGo();
    await this.#going;
  }

  /** It goes on where a pause holds it. */
  async #letGo(): Promise<void> {
    if (this.#hold === undefined) return;
    this.#hold.end();
    this.#hold = undefined;
    await this.#opened?.then(({ trainer }) => trainer.resume()).catch(() => undefined);
  }

  /** Takes up a training that was kept with these pictures; it goes on when it is asked to. */
  async takeUp(kept: KeptTraining): Promise<void> {
    const { preset, augment, epoch, epochs, run, checkpoint, best } = kept;
    this.preset.value = preset;
    this.augment.value = augment;
    this.epoch.value = epoch;
    this.target.value = epochs;
    this.run = run;
    this.#best = best;
    this.phase.value = "opening";
    try {
      const { trainer } = await this.#open();
      await trainer.restore(checkpoint, { adopt: true });
      await this.#measure();
      this.phase.value = epoch < epochs ? "paused" : "idle";
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The network as it was made last; undefined before. */
  get model(): Model | undefined {
    return this.#model;
  }

  /** The first convolution's kernels before any training, by name. */
  get firstKernels(): ReadonlyMap<string, Tensor<Float32Array>> | undefined {
    return this.#firstKernels;
  }

  /** Parameters as they are now, by name. */
  async parameters(): Promise<ReadonlyMap<string, Tensor<Float32Array>> | undefined> {
    if (this.#opened === undefined) return undefined;
    const { trainer, model } = await this.#opened;
    await trainer.syncModel();
    return model.parameters;
  }

  /** Probabilities of the classes; undefined where there is no network yet. `bytes`: one picture, as the set's. */
  async predict(bytes: Uint8Array | Float32Array): Promise<Float32Array | undefined> {
    if (this.#opened === undefined) return undefined;
    return (await (await this.#opened).trainer.predict(bytes)).data;
  }

  /** What each layer makes of one picture, with the gradients of a class. */
  async inspect(bytes: Uint8Array | Float32Array, options: InspectOptions = {}): Promise<Inspection | undefined> {
    if (this.#opened === undefined) return undefined;
    return (await this.#opened).trainer.inspect(bytes, options);
  }

  #open(): Promise<Opened> {
    const set = this.#set();
    if (set === undefined) return Promise.reject(new Error("There are no pictures."));
    this.#opened ??= this.#make(set).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #make(set: PictureSet): Promise<Opened> {
    const preset = this.preset.value;
    let model: Model | undefined;
    const { trainer, backendKind } = await openBest(this.#force, (backend) => {
      const { size, channels, classNames, train } = set;
      model = buildPreset(preset, { size, channels, classes: classNames.length });
      this.#firstKernels = firstKernelsOf(model);
      const setup = { optimizer: optimizerOf(preset), batchSize: batchSizeOf(train.count), seed: SEED };
      return openTrainer({ model, ...setup }, backend);
    });
    if (model === undefined) throw new Error("openBest made no trainer.");
    this.backend.value = backendKind;
    this.#model = model;
    return { trainer, model, set };
  }

  async #go(stop: AbortSignal): Promise<void> {
    this.phase.value = "opening";
    try {
      const { trainer, set } = await this.#open();
      stop.throwIfAborted();
      this.phase.value = "training";
      while (this.epoch.value < this.target.value) {
        trainer.setLearningRate(
          rateOf(this.preset.value, this.epoch.value - this.#start, this.target.value - this.#start),
        );
        await trainer.fit(set.train, {
          ...{ epochs: 1, signal: stop, onStep: (event) => this.#record(event) },
          ...(this.augment.value ? { augment: augmentFor(set.size) } : {}),
        });
        await this.#hold?.ended;
        stop.throwIfAborted();
        this.epoch.value++;
        await this.#measure(stop);
        await this.#keepEpoch(trainer);
      }
      await this.#takeBest(stop);
      // A pause that came with the last reading held nothing, and holds nothing later.
      await this.#letGo();
      this.phase.value = "idle";
    } catch (error) {
      if (!stop.aborted) this.#fail(error);
    }
  }

  #record(event: StepEvent): void {
    record(this.run, event);
    this.last.value = event;
  }

  #fail(error: unknown): void {
    void this.#letGo();
    this.error.value = error;
    this.phase.value = "failed";
    // Its device may be gone: the next try makes another trainer.
  }

  async #measure(stop?: AbortSignal): Promise<void> {
    const { trainer, set } = await this.#open();
    const found: Evaluation = await trainer.evaluate(set.heldOut, { outputs: true, ...(stop ? { signal: stop } : {}) });
    const { loss, accuracy = Number.NaN, confusion, outputs } = found;
    const step = this.steps;
    measure(this.run, { step, loss, accuracy, count: set.heldOut.count });
    this.score.value = { step, loss, accuracy, confusion, outputs: outputs?.data ?? new Float32Array() };
  }

  /** Keeps the state after an epoch, and notes it where it is the best so far. */
  async #keepEpoch(trainer: Trainer): Promise<void> {
    const checkpoint = await trainer.checkpoint();
    const { loss = Number.POSITIVE_INFINITY, step = 0 } = this.score.value ?? {};
    if (this.#best === undefined || loss <= this.#best.loss) this.#best = { checkpoint, loss, step };
    await this.#keep(checkpoint);
  }

  async #keep(checkpoint: Uint8Array): Promise<void> {
    const set = this.#set();
    if (set === undefined) return;
    if (!this.#isSetKept()) {
      this.kept.value = false;
      return;
    }
    const best = this.#best?.step === this.score.value?.step ? undefined : this.#best;
    this.kept.value = await keepTraining({
      ...{ set: set.id, preset: this.preset.value, augment: this.augment.value },
      ...{ epoch: this.epoch.value, epochs: this.target.value, run: this.run, checkpoint, best },
    });
  }

  /** At the end the weights that read the held-out pictures best come back; counters and the optimizer's state stay. */
  async #takeBest(stop: AbortSignal): Promise<void> {
    const best = this.#best;
    const now = this.score.value;
    if (best === undefined || now === undefined || best.loss >= now.loss) return;
    const { trainer, model } = await this.#open();
    model.setParameters(
      parametersIn(
        best.checkpoint,
        model.variables.map(({ name }) => name),
      ),
    );
    this.restored.value = best.step;
    await this.#measure(stop);
    await this.#keep(await trainer.checkpoint());
  }
}
