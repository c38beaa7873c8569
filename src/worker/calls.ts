/**
 * The calls of a trainer that a worker does: of each, how its arguments are sent and what the worker does with them. Client
 * and server are both made from this table, and it is checked against `Trainer`: a method cannot exist on one side only.
 *
 * What goes for all of them is not in it. Parameters that the page has set go with every call, and are set before it is
 * done; data sets and canvases go with the first call that names them; the signal and the listeners among the options stay
 * on the page, and the worker gets others that answer there.
 */
import type { Schedule } from "../core/schedule.ts";
import type { Dataset } from "../data/dataset.ts";
import { Profile } from "../graph/profile.ts";
import { isBatchList } from "../train/one_input.ts";
import type {
  EvaluateOptions,
  FitOptions,
  ImageBatch,
  InspectOptions,
  MapsDrawing,
  PrepareOptions,
  Trainer,
} from "../train/types.ts";

/** Something that the worker has by a number; what cannot have one is sent as it is, for the trainer there to refuse. */
export type Reference = { readonly key: number } | { readonly value: unknown };

/** Options without what cannot be sent. */
export interface SentOptions {
  /** Whatever is no object of options, for the trainer to refuse. */
  readonly values: unknown;
  /** Names of those that are data sets. */
  readonly datasets: Readonly<Record<string, Reference>>;
  /** Names of those that are functions. */
  readonly listeners: readonly string[];
  readonly hasSignal: boolean;
}

/** The page's side of one call. */
export interface Packing {
  dataset(dataset: Dataset): Reference;
  /** The same of one that is trained on until the call ends. */
  trainedDataset(dataset: Dataset): Reference;
  /** The number of a data set that is to be forgotten there; undefined where the worker does not have it. */
  releasedDataset(dataset: Dataset): { readonly key: number; readonly forget: boolean } | undefined;
  canvas(canvas: MapsDrawing["canvas"]): Reference;
  options(options: object | undefined): SentOptions;
}

/** The worker's side of one call. */
export interface Unpacking {
  readonly trainer: Trainer;
  /** Aborted by the page. */
  readonly signal: AbortSignal;
  dataset(sent: Reference): Dataset;
  /** The same; with `forget` nobody will ask for it again. */
  releasedDataset(sent: { readonly key: number; readonly forget: boolean }): Dataset;
  canvas(sent: Reference): MapsDrawing["canvas"];
  /** The options with a signal and listeners of this side. */
  options<Options extends object>(sent: SentOptions): Options;
}

type DrawOptions = NonNullable<Parameters<Trainer["draw"]>[2]>;
type Batch = ImageBatch | readonly ImageBatch[];
type Answers = ArrayLike<number> | readonly ArrayLike<number>[];

/** One call; types are checked where it is written, with `call`. */
interface Call<Args extends readonly unknown[], Sent, Answer> {
  /** On the page: what goes to the worker. Nothing may be awaited here: what is sent is of the moment of the call. */
  pack(page: Packing, ...args: Args): Sent;
  /** In the worker. */
  run(worker: Unpacking, sent: Sent): Answer;
  /** On the page: the answer as what it was, where it lost its class on its way. */
  receive?(answer: Awaited<Answer>): Awaited<Answer>;
}

function call<Args extends readonly unknown[], Sent, Answer>(one: Call<Args, Sent, Answer>): Call<Args, Sent, Answer> {
  return one;
}

/** Methods that the page answers itself. */
type Local = "stats" | "paused" | "dispose";

export const CALLS = {
  fit: call({
    pack: (page, dataset: Dataset, options?: FitOptions) => ({
      dataset: page.trainedDataset(dataset),
      options: page.options(options),
    }),
    run(worker, { dataset, options }) {
      const given = worker.options<FitOptions>(options);
      // The page's `stats()` is of the last message, so that steps are told where nobody listens too; and it aborts a run
      // whose listener failed.
      const { onStep = () => undefined } = given;
      return worker.trainer.fit(worker.dataset(dataset), { ...given, onStep, signal: worker.signal });
    },
  }),
  prepare: call({
    pack: (page, dataset: Dataset, options?: PrepareOptions) => ({
      dataset: page.dataset(dataset),
      options: page.options(options),
    }),
    run: (worker, { dataset, options }) => worker.trainer.prepare(worker.dataset(dataset), worker.options(options)),
  }),
  evaluate: call({
    pack: (page, dataset: Dataset, options?: EvaluateOptions) => ({
      dataset: page.dataset(dataset),
      options: page.options(options),
    }),
    run: (worker, { dataset, options }) => worker.trainer.evaluate(worker.dataset(dataset), worker.options(options)),
  }),
  release: call({
    pack: (page, dataset: Dataset) => page.releasedDataset(dataset),
    async run(worker, released) {
      if (released) await worker.trainer.release(worker.releasedDataset(released));
    },
  }),
  profile: call({
    pack: (page, dataset?: Dataset, options?: { steps?: number }) => ({
      dataset: dataset === undefined ? undefined : page.dataset(dataset),
      options: page.options(options),
    }),
    run: (worker, { dataset, options }) =>
      worker.trainer.profile(dataset === undefined ? undefined : worker.dataset(dataset), worker.options(options)),
    receive: (answer) => new Profile(answer),
  }),
  inspect: call({
    pack: (page, image: ImageBatch, options?: InspectOptions) => ({ image, options: page.options(options) }),
    run: (worker, { image, options }) => worker.trainer.inspect(image, worker.options(options)),
  }),
  draw: call({
    pack: (page, image: ImageBatch, drawings: readonly MapsDrawing[], options?: DrawOptions) => ({
      image,
      drawings: drawings.map(({ canvas, ...drawing }) => ({ ...drawing, canvas: page.canvas(canvas) })),
      options: page.options(options),
    }),
    run(worker, { image, drawings, options }) {
      const onto = drawings.map(({ canvas, ...drawing }) => ({ ...drawing, canvas: worker.canvas(canvas) }));
      return worker.trainer.draw(image, onto, worker.options(options));
    },
  }),
  predict: call({
    pack: (_, x: Batch) => x,
    run: ({ trainer }, x) => (isBatchList(x) ? trainer.predict(x) : trainer.predict(x)),
  }),
  trainOnBatch: call({
    pack: (_, x: Batch, y: Answers) => ({ x, y }),
    run: ({ trainer }, { x, y }) =>
      isBatchList(x)
        ? trainer.trainOnBatch(x, y as readonly ArrayLike<number>[])
        : trainer.trainOnBatch(x, y as ArrayLike<number>),
  }),
  swapEma: call({ pack: () => undefined, run: ({ trainer }) => trainer.swapEma() }),
  checkpoint: call({ pack: () => undefined, run: ({ trainer }) => trainer.checkpoint() }),
  restore: call({
    pack: (_, bytes: Uint8Array) => bytes,
    run: ({ trainer }, bytes) => trainer.restore(bytes),
  }),
  syncModel: call({ pack: () => undefined, run: ({ trainer }) => trainer.syncModel() }),
  settled: call({ pack: () => undefined, run: ({ trainer }) => trainer.settled() }),
  pause: call({ pack: () => undefined, run: ({ trainer }) => trainer.pause() }),
  resume: call({ pack: () => undefined, run: ({ trainer }) => trainer.resume() }),
  setLearningRate: call({
    pack: (_, learningRate: number | Schedule) => learningRate,
    run: ({ trainer }, learningRate) => trainer.setLearningRate(learningRate),
  }),
} satisfies Record<Exclude<keyof Trainer, Local>, AnyCall>;

/** A call of which no more is known. */
export interface AnyCall {
  pack(page: Packing, ...args: never[]): unknown;
  run(worker: Unpacking, sent: never): unknown;
  receive?(answer: never): unknown;
}

export type CallName = keyof typeof CALLS;

/** Whether a word from the other side is a call. */
export function isCallName(name: string): name is CallName {
  return Object.hasOwn(CALLS, name);
}
