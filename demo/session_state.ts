/** What a session is at the moment: everything that the page reads of it, and asks its network. */
import type { PassedOver } from "../src/best_backend.ts";
import type { Tensor } from "../src/core/tensor.ts";
import type { Profile } from "../src/graph/profile.ts";
import type { Model } from "../src/nn/model.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import type {
  Evaluation,
  Inspection,
  InspectOptions,
  MapsDrawing,
  StepEvent,
  TrainerStats,
} from "../src/train/types.ts";
import type { Stopped } from "./course.ts";
import type { Digits } from "./digits.ts";
import { Lessons } from "./lessons.ts";
import { Network } from "./network.ts";
import { Pictures } from "./pictures.ts";
import type { Measurement, Run } from "./run.ts";
import type { BackendKind, OpenTrainer } from "./setup.ts";
import { type Phase, Status } from "./status.ts";
import type { Found } from "./train/ailments.ts";
import { Training } from "./training.ts";

export abstract class SessionState {
  /** What would be faster, and is not to be had here. */
  passedOver: readonly PassedOver[] = [];

  protected readonly status: Status;
  protected readonly pictures = new Pictures();
  protected readonly network: Network;
  protected readonly training: Training;
  protected readonly lessons: Lessons;

  constructor(openTrainer: OpenTrainer, onChange: () => void) {
    this.status = new Status(onChange);
    this.network = new Network(openTrainer);
    const parts = { network: this.network, pictures: this.pictures, status: this.status };
    this.training = new Training(parts);
    this.lessons = new Lessons(parts, this.training);
  }

  // ---- what it is doing

  get phase(): Phase {
    return this.status.phase;
  }

  get error(): unknown {
    return this.status.error;
  }

  /** Whether there is a network to train, to ask or to look at. */
  get usable(): boolean {
    return this.status.usable;
  }

  get digits(): Digits | undefined {
    return this.pictures.digits;
  }

  // ---- the network

  get backendKind(): BackendKind {
    return this.network.backendKind;
  }

  get model(): Model {
    return this.network.model;
  }

  get batchSize(): number {
    return this.network.batchSize;
  }

  /** Fixes the order of the digits. */
  get seed(): number {
    return this.network.seed;
  }

  get learningRate(): number {
    return this.network.learningRate;
  }

  get optimizer(): Optimizer {
    return this.network.optimizer;
  }

  /** The learning rate that the optimizer is used with as a rule. */
  get usualRate(): number {
    return this.network.usualRate;
  }

  /** Whether the network came from a file: the settings then describe another one. */
  get isFromFile(): boolean {
    return this.network.isFromFile;
  }

  /** Whether the weights before the first step here came from a file, trained. */
  get isPretrained(): boolean {
    return this.network.isPretrained;
  }

  /** The network as the address writes its rows; undefined where it came from a file. */
  get rows(): string | undefined {
    return this.network.rows;
  }

  /** Networks that were opened: each brings its settings with it. */
  get adoptions(): number {
    return this.network.adoptions;
  }

  /** How often other weights took the place of those at hand: what was read with those before tells of another network. */
  get replacements(): number {
    return this.network.replacements;
  }

  /** Parameters that the training began with, by name; undefined where nobody here knows them. */
  get firstParameters(): ReadonlyMap<string, Tensor<Float32Array>> | undefined {
    return this.network.firstParameters;
  }

  get stats(): TrainerStats | undefined {
    return this.network.trainer?.stats();
  }

  // ---- the training

  /** Whether the network knows something: it was trained here, or came from a file with weights that were. */
  get hasLearned(): boolean {
    return this.steps > 0 || this.isPretrained;
  }

  get run(): Run {
    return this.training.course.run;
  }

  /** Updates made. */
  get steps(): number {
    return this.training.course.steps;
  }

  /** The step that the current training goes to. */
  get target(): number {
    return this.training.course.target;
  }

  get last(): StepEvent | undefined {
    return this.training.course.last;
  }

  get latest(): Measurement | undefined {
    return this.training.course.latest;
  }

  /** How the last training ended by itself. */
  get stopped(): Stopped | undefined {
    return this.training.course.stopped;
  }

  /** What is wrong with the training, though its numbers are numbers. */
  get ailment(): Found | undefined {
    return this.training.course.ailment;
  }

  /** What scores are divided by for probabilities that held-out digits bear out. */
  get temperature(): number {
    return this.training.temperature;
  }

  /** The step that it can go on from after the device was lost. */
  get keptSteps(): number {
    return this.training.course.newest?.steps ?? 0;
  }

  /** The held-out loss of the best weights; undefined where those are the first ones. */
  get bestLoss(): number | undefined {
    return this.training.course.best?.loss;
  }

  /** The step with the best weights, 0 for the first, random ones. */
  get bestSteps(): number {
    return this.training.course.best?.steps ?? 0;
  }

  /** Steps of `epochs` epochs from here, an epoch begun counts as one; fewer where the conditions say so. */
  stepsIn(epochs: number): number {
    return this.training.stepsIn(epochs);
  }

  /** Whether the last lesson can be taken back: nothing was trained since. */
  get canUnteach(): boolean {
    return this.lessons.canBeTakenBack;
  }

  // ---- what is asked of the network as it is now

  /** The network and its training as they are now: what `adopt` takes. */
  async checkpoint(): Promise<Uint8Array | undefined> {
    return this.network.trainer?.checkpoint();
  }

  /** What the network says of every picture of a set, and its confusion matrix, from one pass on the device. */
  async readAll(which: "heldOut" | "train", signal: AbortSignal): Promise<Evaluation | undefined> {
    const set = this.digits?.[which];
    return set && this.network.trainer?.evaluate(set, { outputs: true, signal });
  }

  /** Where the time of a step goes. Training is held meanwhile, and goes on as if nothing had been. */
  async profile(): Promise<Profile> {
    const { trainer, backendKind } = this.network;
    if (trainer === undefined || this.digits === undefined) throw new Error("The session is not open yet.");
    return trainer.profile(this.digits.train, { steps: backendKind === "webgpu" ? 7 : 2 });
  }

  /** Probabilities of the ten digits for one or more images of 28×28, 0…1. */
  async predict(pixels: Float32Array): Promise<Float32Array | undefined> {
    const { data } = (await this.network.trainer?.predict(pixels)) ?? {};
    return data;
  }

  /** The network's parameters as they are now, by name. */
  parameters(): Promise<ReadonlyMap<string, Tensor<Float32Array>>> {
    return this.network.parameters();
  }

  /** Every layer's values for one image of 28×28, 0…1, and gradients; as `Trainer.inspect`. */
  async inspect(pixels: Float32Array, options: InspectOptions): Promise<Inspection | undefined> {
    return this.network.trainer?.inspect(pixels, options);
  }

  /** What trains and draws now; undefined while there is nothing. */
  get trainer(): object | undefined {
    return this.network.trainer;
  }

  /** What draws layers straight from the GPU; undefined on the CPU, where drawing would hold the training up. */
  get drawer(): object | undefined {
    return this.backendKind === "webgpu" ? this.network.trainer : undefined;
  }

  /** Draws layers for one image of 28×28, 0…1, as they are at this moment; as `Trainer.draw`. */
  async draw(pixels: Float32Array, drawings: readonly MapsDrawing[], target: number | undefined): Promise<void> {
    await this.network.trainer?.draw(pixels, drawings, target === undefined ? {} : { target });
  }
}
