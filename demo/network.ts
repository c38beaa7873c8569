/** The network at hand: what it is of, how its weights move, and the trainer that holds them. */
import type { Tensor } from "../src/core/tensor.ts";
import type { Model } from "../src/nn/model.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import type { Trainer } from "../src/train/types.ts";
import type { BackendChoice } from "../src/worker/protocol.ts";
import { parametersIn, withBatchSize } from "./checkpoints.ts";
import {
  type BackendKind,
  buildNetwork,
  complete,
  OPTIMIZERS,
  type OpenedTrainer,
  type OpenTrainer,
  optimizerOf,
  type Setup,
} from "./setup.ts";
import type { State } from "./snapshots.ts";
import { encodeRows } from "./train/design.ts";
import type { RunSettings } from "./train/run_settings.ts";
import type { TriedOut } from "./try_out.ts";

export class Network {
  backendKind: BackendKind = "webgpu";
  model: Model;
  batchSize: number;
  /** Fixes the first weights and the order of the digits. */
  seed: number;
  /** Undefined while another one is made. */
  trainer: Trainer | undefined;
  /** Networks that were opened: each brings its settings with it. */
  adoptions = 0;
  /** How often other weights took the place of those at hand: what was read with those before tells of another network. */
  replacements = 0;

  readonly #openTrainer: OpenTrainer;
  #setup: Setup = {};
  #learningRate = 1e-3;
  /** How the weights move; the learning rate is kept apart. */
  #rule: Optimizer["rule"] = OPTIMIZERS.adam.rule;
  #initial: Uint8Array | undefined;
  /** Whether the training at hand began from `#initial`: nobody knows that of a file that was trained elsewhere. */
  #beganHere = true;
  #isFromFile = false;
  /** The network of the file again, for another trainer: the weights of the present one are on its device. */
  #untrained: (() => Model) | undefined;
  /** Whether the first weights of the file have learned elsewhere. */
  #pretrained = false;

  constructor(openTrainer: OpenTrainer) {
    this.#openTrainer = openTrainer;
    const { network, batchSize, seed } = complete({}, this.backendKind);
    this.model = buildNetwork(network, seed);
    this.batchSize = batchSize;
    this.seed = seed;
  }

  get setup(): Setup {
    return this.#setup;
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  get optimizer(): Optimizer {
    return { rule: this.#rule, learningRate: this.#learningRate };
  }

  /** The learning rate that the optimizer is used with as a rule. */
  get usualRate(): number {
    return OPTIMIZERS[optimizerOf(this.#rule) ?? "adam"].learningRate;
  }

  /** Whether it came from a file: the settings then describe another one. */
  get isFromFile(): boolean {
    return this.#isFromFile;
  }

  /** Whether the weights before the first step here came from a file, trained. */
  get isPretrained(): boolean {
    return this.#isFromFile && this.#pretrained;
  }

  /** As the address writes its rows; undefined where it came from a file. */
  get rows(): string | undefined {
    return this.#isFromFile ? undefined : encodeRows(complete(this.#setup, this.backendKind).network);
  }

  /** Its state before any training here. */
  get first(): State | undefined {
    return this.#initial && { checkpoint: this.#initial, steps: 0, cursor: 0 };
  }

  /** Parameters that the training began with, by name; undefined where nobody here knows them. */
  get firstParameters(): ReadonlyMap<string, Tensor<Float32Array>> | undefined {
    if (!this.#beganHere || this.#initial === undefined) return undefined;
    return parametersIn(this.#initial, this.#names);
  }

  /** What a training is of that begins now. */
  settings({ vary, digits }: Pick<RunSettings, "vary" | "digits">): RunSettings {
    const { network, optimizer } = complete(this.#setup, this.backendKind);
    const { batchSize, seed, learningRate } = this;
    const chosen = this.#isFromFile
      ? { network: undefined, optimizer: undefined }
      : { network: encodeRows(network), optimizer };
    return { ...chosen, learningRate, batchSize, seed, vary, digits };
  }

  /** Takes up what the settings ask for, for the next trainer. */
  plan(setup: Setup): void {
    this.#setup = { ...this.#setup, ...setup };
  }

  /** A trainer for what the settings ask for; a network that was opened from a file stays. Throws what opening one throws. */
  make(backend: BackendChoice): Promise<OpenedTrainer> {
    // What the best backend will be is not known yet: all but the CPU's train the same network.
    this.backendKind = backend === "auto" ? "webgpu" : backend;
    const { network, optimizer, batchSize, seed } = complete(this.#setup, this.backendKind);
    if (!this.#isFromFile) {
      this.batchSize = batchSize;
      this.seed = seed;
      this.model = buildNetwork(network, seed);
      this.#rule = OPTIMIZERS[optimizer].rule;
    } else if (this.#untrained) this.model = this.#untrained();
    return this.#openTrainer(this, backend);
  }

  /** The network stays what it is, also on the CPU backend, for which the settings would mean a smaller one where they are silent. */
  keepSettings(): void {
    this.#setup = complete(this.#setup, this.backendKind);
  }

  /** Another trainer in the place of the one at hand: with `anew` for the settings' network, whatever there was before. */
  async remake({ anew }: { anew: boolean }): Promise<void> {
    if (anew) this.#isFromFile = false;
    this.trainer?.dispose();
    if (this.#isFromFile) this.batchSize = this.#setup.batchSize ?? this.batchSize;
    this.trainer = await this.make(this.backendKind);
  }

  /** The trainer goes: nothing of it is of use any more. */
  dispose(): void {
    this.trainer?.dispose();
    this.trainer = undefined;
  }

  /** A training begins with the weights that the trainer has now. */
  async begin(): Promise<void> {
    this.#initial = await this.trainer?.checkpoint();
    this.#beganHere = true;
    this.replacements++;
  }

  /** A training begins with the first weights, which are there again. */
  beginAgain(): void {
    this.#beganHere = true;
  }

  /** Takes a network that was tried out in the place of the one at hand. */
  take({ file, trainer, initial, setup }: TriedOut): void {
    this.dispose();
    this.trainer = trainer;
    this.#initial = initial;
    this.#beganHere = file.steps === 0;
    this.#pretrained = file.pretrained && file.steps === 0;
    this.#isFromFile = this.#pretrained || setup === undefined;
    if (setup) this.plan(setup);
    this.adoptions++;
    this.replacements++;
    this.#untrained = file.untrained;
    this.#rule = file.rule;
    this.seed = file.seed;
    this.model = file.model;
    this.batchSize = file.batchSize;
    this.#learningRate = file.learningRate ?? this.#learningRate;
  }

  setLearningRate(learningRate: number): void {
    this.#learningRate = learningRate;
    this.trainer?.setLearningRate(learningRate);
  }

  /** Goes back to a state, for the learning rate of now. */
  async restore({ checkpoint, cursor }: State): Promise<void> {
    await this.trainer?.restore(withBatchSize(checkpoint, this.batchSize, cursor));
    this.trainer?.setLearningRate(this.#learningRate);
    this.replacements++;
  }

  /** Takes the weights of a state, and no more: counters and the optimizer's state stay. */
  takeWeights({ checkpoint }: State): void {
    this.model.setParameters(parametersIn(checkpoint, this.#names));
    this.replacements++;
  }

  /** The parameters as they are now, by name. */
  async parameters(): Promise<ReadonlyMap<string, Tensor<Float32Array>>> {
    await this.trainer?.syncModel();
    return this.model.parameters;
  }

  /** Names of the parameters, wherever their values are. */
  get #names(): readonly string[] {
    return this.model.variables.map(({ name }) => name);
  }
}
